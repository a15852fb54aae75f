"""`GET /v1/stream`: the stream log, read once per process and sent to every open stream."""
