"""A web server for the network's tests: web.py ADDRESS PORT DIRECTORY

Below /files it serves DIRECTORY; everything else is answered with the caller's address.
"""
import functools
import http.server
import socket
import sys


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith("/files/"):
            self.path = self.path[len("/files"):]
            super().do_GET()
            return
        body = (self.client_address[0].removeprefix("::ffff:") + "\n").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
    request_queue_size = 300


Server((sys.argv[1], int(sys.argv[2])),
       functools.partial(Handler, directory=sys.argv[3])).serve_forever()
