"""The server: a socket, uvicorn on it, connections that cannot pile up, and what is made ready before anybody asks."""
