"""A user's own table over HTTP: upload, schema, run, and every refusal."""

from __future__ import annotations

import gzip
from typing import Any

from tests.web.serving import Served, served
from tests.web.training.browsing import browsing

from chainrule.web.limits import Limits

CSV = b"size,city,sold\n" + b"1,Rome,yes\n2.5,Oslo,no\n3,Rome,yes\n4.5,Oslo,no\n" * 10


def put(page: Served, path: str, body: bytes = CSV, **headers: str) -> Any:
    return page.put(f"{path}/table", body, **{"x_file_name": "my%20houses.csv", **headers})


def test_a_table_is_uploaded_changed_and_learnt(page: Served) -> None:
    with browsing(page) as tab:
        schema = put(page, tab.path).json
        assert (schema["name"], schema["rows"], schema["target"]) == ("my houses.csv", 40, "sold")
        changed = tab.post("schema", target="sold", types={"city": "ignored"}).json
        assert [column["kind"] for column in changed["columns"]] == ["number", "ignored", "category"]
        source = {"kind": "upload", "target": "sold", "types": {"city": "ignored"}}
        described = page.post(f"{tab.path}/run", {"source": source, "settings": {"hidden": [4]}}).json
        assert described["features"] == ["size"]
        assert described["left_out"] == {"constant": [], "other": ["city"]}
        assert described["axes"] is None
        frame = tab.frame(lambda frame: frame["run"] == 1)
        assert frame["surface"] is None
        page.post(f"{tab.path}/run", {"source": {"kind": "upload", "target": "sold"}, "settings": {}})
        tab.post("control", action="play")
        learnt = tab.frame(lambda frame: frame["run"] == 2 and frame["epoch"] >= 100)
        assert learnt["scores"]["validation"]["accuracy"] == 1.0
        assert learnt["surface"]["kind"] == "binary"


def test_a_column_in_the_way_is_left_out(page: Served) -> None:
    table = b"size;price;weight;sold\n" + b"1;1,5;inf;yes\n2.5;2,5;1;no\n" * 10
    with browsing(page) as tab:
        assert put(page, tab.path).status == 200
        answer = put(page, tab.path, table)
        assert (answer.status, answer.error["name"]) == (422, "price")
        assert "leave the column out" in answer.error["fix"]
        answer = tab.post("schema", types={"price": "ignored"})
        assert (answer.status, answer.error["name"]) == (422, "weight")
        assert tab.post("schema", target="sold", types={}).json["rows"] == 40  # the table before is still in use
        schema = tab.post("schema", types={"price": "ignored", "weight": "ignore"}).json
        assert (schema["rows"], schema["target"]) == (20, "sold")
        assert [column["kind"] for column in schema["columns"]] == ["number", "ignored", "ignored", "category"]
        source = {"kind": "upload", "target": "sold", "types": {"price": "ignored", "weight": "ignored"}}
        described = page.post(f"{tab.path}/run", {"source": source, "settings": {"hidden": [4]}}).json
        assert described["features"] == ["size"]
        assert described["left_out"] == {"constant": [], "other": ["price", "weight"]}


def test_what_stands_before_decimals_can_be_said(page: Served) -> None:
    rows = "".join(f"{k},5;{1 + k % 5}.125;{'yes' if k > 20 else 'no'}\n" for k in range(40))
    with browsing(page) as tab:
        answer = put(page, tab.path, f"price;size;sold\n{rows}".encode())
        assert (answer.status, answer.error["name"]) == (422, "size")
        assert "choose 'decimal comma' beside 'Numbers'" in answer.error["fix"]
        assert "decimal=" not in answer.error["fix"]
        assert tab.post("schema", types={}, decimal="comma").status == 400
        schema = tab.post("schema", types={}, decimal=",").json
        assert (schema["decimal"], schema["columns"][1]["kind"]) == (",", "integer")
        source = {"kind": "upload", "target": "sold", "types": {}, "decimal": ","}
        described = page.post(f"{tab.path}/run", {"source": source, "settings": {"hidden": [4]}}).json
        assert described["features"] == ["price", "size"]
        assert max(described["points"]["y"]) == 5125


def test_another_encoding_is_offered_and_taken(page: Served) -> None:
    rows = "".join(f"{k},5;{'schön' if k > 20 else 'trüb'}\n" for k in range(40))
    with browsing(page) as tab:
        answer = put(page, tab.path, f"Säure;Wetter\n{rows}".encode("cp1252"))
        assert answer.status == 422
        assert (answer.error["name"], answer.error["encoding"]) == (None, "windows-1252")
        assert "press 'Read as windows-1252'" in answer.error["fix"]
        assert tab.post("schema", types={}, encoding="utf-7").status == 400
        schema = tab.post("schema", types={}, encoding="windows-1252").json
        assert [column["name"] for column in schema["columns"]] == ["Säure", "Wetter"]
        assert schema["notes"][-1] == "read as windows-1252"
        source = {"kind": "upload", "target": "Wetter", "types": {"Säure": "number"}, "encoding": "windows-1252"}
        described = page.post(f"{tab.path}/run", {"source": source, "settings": {"hidden": [4]}}).json
        assert described["classes"] == ["schön", "trüb"]
        tab.post("control", action="epoch")
        assert 'encoding="windows-1252")' in page.get(f"{tab.path}/code").body.decode()


def test_a_table_without_any_use_is_forgotten(page: Served) -> None:
    with browsing(page) as tab:
        answer = put(page, tab.path, b"a,b\n")
        assert (answer.status, answer.error["name"]) == (422, None)
        assert tab.post("schema", types={"a": "ignored"}).status == 409


def test_mistakes_in_a_table_name_row_and_column(page: Served) -> None:
    with browsing(page) as tab:
        answer = put(page, tab.path, CSV + b"1,Rome\n")
        assert answer.status == 422
        assert answer.error["what"].startswith("my houses.csv, row 41 (line 42): 2 cells")
        assert put(page, tab.path).status == 200
        answer = tab.post("schema", target="sold", types={"city": "number"})
        assert answer.status == 422
        assert "row 1 (line 2), column 'city': 'Rome' is no number" in answer.error["what"]
        answer = tab.post("schema", target="solt", types={})
        assert (answer.status, answer.error["fix"]) == (422, "did you mean 'sold'? its columns are size, city, sold")


def test_an_upload_is_bytes_and_nothing_else(page: Served) -> None:
    with browsing(page) as tab:
        assert put(page, tab.path, content_type="text/csv").status == 415
        assert tab.post("schema", target="sold").status == 409


def test_an_upload_that_is_too_large_is_refused_whoever_says_how_large_it_is() -> None:
    with served(Limits(upload_bytes=1000)) as page, browsing(page) as tab:
        assert put(page, tab.path, b"x" * 1001).status == 413
        with page.socket() as connection:
            head = f"PUT {tab.path}/table HTTP/1.1\r\nHost: {page.host}\r\nContent-Type: application/octet-stream\r\n"
            chunks = b"".join(b"1f4\r\n" + b"x" * 500 + b"\r\n" for _ in range(3))
            connection.sendall(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 413 ")
        assert put(page, tab.path).status == 200


def test_rows_and_columns_have_bounds() -> None:
    with served(Limits(table_rows=39, table_columns=3)) as page, browsing(page) as tab:
        answer = put(page, tab.path)
        assert (answer.status, answer.error["what"]) == (
            413,
            "my houses.csv has 40 or more rows, and this page takes tables with at most 39",
        )
        assert put(page, tab.path, b"a,b,c,d\n1,2,3,4\n").status == 413


def test_packed_tables_count_as_much_as_they_are_unpacked() -> None:
    table = b"size,sold\n" + b"1.50000,yes\n2.50000,no\n" * 5000
    with served(Limits(tables_bytes=2 * len(table) + 1000)) as page, browsing(page) as tab:
        assert put(page, tab.path, gzip.compress(table)).status == 200
        with browsing(page) as other, browsing(page) as last:
            assert put(page, other.path, b"no table").status == 422  # it needs no room
            assert put(page, other.path, gzip.compress(table)).status == 200
            assert put(page, last.path, gzip.compress(table)).status == 429
            assert put(page, other.path, b"no table").status == 422  # its table is still there
            assert put(page, last.path, gzip.compress(table)).status == 429


def test_a_table_goes_with_its_tab(page: Served) -> None:
    with browsing(page) as tab:
        assert put(page, tab.path).status == 200
        assert page.request("POST", f"{tab.path}/close", content_type="text/plain").status == 204
        assert put(page, tab.path).status == 404


def test_bodies_on_their_way_are_counted_before_they_arrive() -> None:
    with served(Limits(tables_bytes=2000, upload_bytes=1500)) as page, browsing(page) as tab, browsing(page) as other:
        head = f"PUT {tab.path}/table HTTP/1.1\r\nHost: {page.host}\r\nContent-Type: application/octet-stream\r\n"
        for length in ("Content-Length: 1500", "Transfer-Encoding: chunked"):
            with page.socket(f"{head}{length}\r\n\r\n".encode()):
                while (answer := put(page, other.path)).status == 200:  # until the head above is read
                    pass
                assert (answer.status, answer.error["what"]) == (429, "the tables of all tabs together may take 0 MB")
            while put(page, other.path).status == 429:  # until it is seen that nothing more will come
                pass
        assert put(page, tab.path).status == 200
