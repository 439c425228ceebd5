"""The page in headless Chromium against the real server, fed over OTLP/HTTP."""
