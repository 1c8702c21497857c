// Dates on an axis and in words: the server counts days since 1970, people read 2020-08-31.

const DAY = 86_400_000;
/** Steps of a scale of dates, from the smallest: how many of which unit, and some days that it has. */
const STEPS = [
  ...[1, 3, 6, 12].map((count) => ({ unit: "hour", count, days: count / 24 })),
  ...[1, 2, 3, 5, 7, 14].map((count) => ({ unit: "day", count, days: count })),
  ...[1, 2, 3, 6].map((count) => ({ unit: "month", count, days: 30.4 * count })),
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].map((count) => ({
    unit: "year",
    count,
    days: 365.25 * count,
  })),
];
/** Which characters of 2020-08-31T12:00 a tick shows. */
const SHOWN = { hour: [5, 16], day: [5, 10], month: [0, 7], year: [0, 4] };

const iso = (day) => new Date(Math.round((day * DAY) / 60_000) * 60_000).toISOString();
/** The beginning of a month, in days since 1970. */
const monthOf = (year, month) => new Date(0).setUTCFullYear(year, month, 1) / DAY;

/** A date, and the time of day where there is one: 2020-08-31, 2020-08-31 12:30. */
export function dateText(day) {
  const [date, time] = iso(day).split("T");
  return time.startsWith("00:00") ? date : `${date} ${time.slice(0, 5)}`;
}

/** Some `wanted` dates between two, as their day and text; and the year, where the texts do not have it. */
export function dateTicks(low, high, wanted) {
  const step = STEPS.find(({ days }) => days >= (high - low) / wanted) ?? STEPS.at(-1);
  const days = step.unit === "hour" || step.unit === "day" ? evenly(low, high, step.days) : monthly(low, high, step);
  const [from, to] = SHOWN[step.unit];
  const years = [low, high].map((day) => iso(day).split("-")[0]);
  return {
    ticks: days.map((value) => ({ value, text: iso(value).slice(from, to).replace("T", " ") })),
    year: from > 0 ? [...new Set(years)].join("–") : null,
  };
}

function evenly(low, high, step) {
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, k) => (first + k) * step);
}

function monthly(low, high, { unit, count }) {
  const months = unit === "year" ? 12 * count : count;
  const begin = new Date(low * DAY);
  const found = [];
  let month = Math.floor((12 * begin.getUTCFullYear() + begin.getUTCMonth()) / months) * months;
  for (; ; month += months) {
    const day = monthOf(Math.floor(month / 12), ((month % 12) + 12) % 12);
    if (day > high) return found;
    if (day >= low) found.push(day);
  }
}
