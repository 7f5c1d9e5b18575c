"""Routes: which cluster a request goes to, by host, path and headers, and what happens on the way."""
