"""A client with the habits of golangsdk, on which the vendor's Terraform provider stands.

Written from the description of its behaviour (not its code): what it signs, which codes it takes for success, how
it pages. `Refused` carries what it makes typed errors of.
"""
import datetime
import hashlib
import hmac
import http.client
import json
import urllib.parse

SUCCESS = {"GET": {200}, "POST": {200, 201, 202}, "PUT": {200, 201, 202}, "DELETE": {200, 202, 204}}
MOST_PAGES = 1000


class Refused(Exception):
    def __init__(self, method, path, status, body, request_id):
        super().__init__(f"{method} {path}: {status} {body}")
        self.status, self.body, self.request_id = status, body, request_id


class Client:
    def __init__(self, endpoint, key, secret, project):
        self.host = endpoint.removeprefix("http://").rstrip("/")
        self.key, self.secret, self.project = key, secret, project
        # Of each call: method, path and status.
        self.calls = []

    def request(self, method, path, body=None, accepted=None, headers=None, raw_query=False):
        """`path` has the query behind it, as the provider puts it together; `{project_id}` is filled in."""
        path = path.replace("{project_id}", self.project)
        sent = {"Accept": "application/json", "User-Agent": "terraform-provider-huaweicloud/1.0"}
        payload = b""
        if body is not None:
            # Go's encoder ends every value with a line feed, and leaves what is not ASCII as it is.
            payload = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        path, _, query = path.partition("?")
        query = self.canonical_query(query, raw_query)
        self.sign(method, path, query, sent, payload)
        # After signing, and therefore unsigned.
        sent["X-Project-Id"] = self.project
        connection = http.client.HTTPConnection(self.host, timeout=30)
        connection.request(method, path + ("?" + query if query else ""), body=payload or None, headers=sent)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        self.calls.append((method, path, answer.status))
        if answer.status not in (accepted or SUCCESS[method]):
            raise Refused(method, path, answer.status, text.decode(), answer.getheader("X-Request-Id"))
        if answer.status == 204:
            assert text == b"", f"{method} {path}: a 204 with a body"
            return None
        assert answer.getheader("Content-Type", "").startswith("application/json"), answer.getheader("Content-Type")
        return json.loads(text)

    def sign(self, method, path, query, headers, payload):
        headers["X-Sdk-Date"] = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        # Whatever is set by now, and never Host, which Go keeps apart from the headers.
        names = sorted(name.lower() for name in headers)
        values = {name.lower(): value.strip() for name, value in headers.items()}
        uri = "/".join(escape(part) for part in urllib.parse.unquote(path).split("/"))
        canonical = "\n".join([
            method, uri if uri.endswith("/") else uri + "/", query,
            "\n".join(f"{name}:{values[name]}" for name in names) + "\n", ";".join(names),
            hashlib.sha256(payload).hexdigest()])
        text = "\n".join(["SDK-HMAC-SHA256", headers["X-Sdk-Date"], hashlib.sha256(canonical.encode()).hexdigest()])
        signature = hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        headers["Authorization"] = \
            f"SDK-HMAC-SHA256 Access={self.key}, SignedHeaders={';'.join(names)}, Signature={signature}"

    @staticmethod
    def canonical_query(query, raw):
        """What is signed, and what goes on the wire. Old releases leave a value alone that has nothing but
        characters to be encoded (`raw`); beyond ASCII that is no HTTP, and no server's decoder takes it."""
        pairs = sorted(urllib.parse.parse_qsl(query, keep_blank_values=True))

        def encoded(value):
            return value if raw and value and escape(value) == "".join("%%%02X" % b for b in value.encode()) else escape(value)
        return "&".join(f"{escape(name)}={encoded(value)}" for name, value in pairs)

    def list(self, path, limit=None):
        """All rows: pages by the id of the last row until a page is empty, and takes no notice of page_info."""
        rows, marker = [], None
        for _ in range(MOST_PAGES):
            url = path
            for name, value in (("limit", limit), ("marker", marker)):
                if value is not None:
                    url += f"{'&' if '?' in url else '?'}{name}={value}"
            body = self.request("GET", url, accepted={200, 202, 204, 300},
                                headers={"Content-Type": "application/json;charset=utf8"})
            page = only_array(body)
            if not page:
                return rows
            rows += page
            marker = page[-1]["id"]
            assert isinstance(marker, str) and marker, "a row without an id"
        raise AssertionError(f"{path} never ends")


def escape(text):
    return urllib.parse.quote(text, safe="~")


def only_array(body):
    """golangsdk takes any top-level array, in no order: there may be but one, and links do not count."""
    arrays = [name for name, value in body.items() if isinstance(value, list) and not name.endswith("links")]
    assert len(arrays) == 1, f"arrays at the top: {arrays}"
    return body[arrays[0]]
