"""`marketplace up` with stand-ins for the product's own programs, as the text of a Python program."""

# The product is written by others; what is proven here is that programs of its kind are run well.
UP = """
import sys
from marketplace import cli
from marketplace.embedded import programs

WEB = '''
import http.server, os, signal, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(os.environ["PUBLIC_URL"].encode())
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
'''
PAUSE = 'import signal; print("stand-in ready", flush=True); signal.pause()'
programs.api = lambda *, host, port: [sys.executable, "-I", "-S", "-c", WEB, str(port)]
programs.sandbox = lambda *, port, data: [sys.executable, "-I", "-S", "-c", WEB, str(port)]
programs.worker = programs.beat = lambda: [sys.executable, "-I", "-S", "-c", PAUSE]
programs.command = lambda name: [sys.executable, "-I", "-S", "-c", f"print('{name} done')"]
sys.argv = ["marketplace", "up", *sys.argv[1:]]
cli.main()
"""

# What the suite, or the person who runs it, may have set for the product.
SETTINGS = (
    "DATABASE_URL",
    "LOG_LEVEL",
    "MARKETPLACE_ENV",
    "PUBLIC_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "STRIPE_API_BASE",
    "STRIPE_API_KEY",
    "STRIPE_WEBHOOK_SECRET",
)
