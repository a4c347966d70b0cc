"""Signs odd requests with the vendor's own signer, and writes them as lines of JSON.

    sign_odd.py SEED COUNT

What is odd: paths with encoded, empty and dotted segments, queries with repeated, empty and encoded names and
values, headers with spaces around and between words, any body. The same seed makes the same requests.
"""
import base64
import json
import random
import sys

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer
from requests.utils import requote_uri

DATE = "20260105T090000Z"
PROJECT = "8f14e45fceea467fa1d0a1b2c3d4e5f6"
KEYS = [
    ("AKEXAMPLE00000000001", "secret/of+the=first key"), ("AK-2", "密钥 two"), ("AK3", "s" * 64),
    ("AK4", "longer than a block of SHA-256 " * 3), ("AK5", "s")]
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]
TEXTS = [
    "a", "edge-01", "A.b_c~d", "中文", "é", "e\u0301", "\U0001f600", " ", "  ", "a b", "+", "a+b", "=", "a=b=c", "&", "/",
    "%", "%20", "%2F", "?", "#", ";", ":", "@", "!", "$", "'", "(", ")", "*", ",", "[", "]", "{x}", "\"", "\\", "|",
    "^", "`", "<", ">", "\t", "\u00a0", "\u3000", "\u007f", "\u0001", "ß", "İ", "\ufeff", "0", "~", "-", ".", "_"]


def text(random, most=4):
    return "".join(random.choice(TEXTS) for _ in range(random.randint(0, most)))


def wire_segment(random):
    """A segment as a careful client writes it, or one that encodes more than it has to."""
    letters = []
    for byte in text(random).encode():
        character = chr(byte)
        if character in "!$&'()*+,;=:@-._~" or character.isalnum() and byte < 128:
            letters.append(character if random.random() < 0.8 else "%%%02X" % byte)
        else:
            letters.append(random.choice(["%%%02X", "%%%02x"]) % byte)
    return "".join(letters)


def path(random):
    """The path as the signer gets it, and as it goes on the wire."""
    segments = [random.choice(["", ".", "..", "~", "v3", PROJECT, wire_segment(random), wire_segment(random)])
                for _ in range(random.randint(0, 6))]
    whole = "/" + "/".join(segments)
    if random.random() < 0.2:
        # Given with characters that no wire takes: the HTTP library encodes them afterwards.
        whole += random.choice(["/中 文", "/é", "/a b", "/{id}", "/\"x\""])
        return whole, requote_uri(whole)
    return whole, whole


def query(random):
    """Lists are repeated names; a name stands once, because the signer cannot compare a list with a text."""
    names = {text(random, 2) for _ in range(random.choice([0, 0, 1, 2, 3, 6]))}
    values = []
    for name in names:
        kind = random.random()
        if kind < 0.2:
            values.append((name, [text(random, 2) for _ in range(random.randint(1, 4))]))
        elif kind < 0.3:
            values.append((name, random.choice([True, False, 0, 10, -1])))
        else:
            values.append((name, text(random)))
    random.shuffle(values)
    return values


def header_value(random):
    words = ["a", "B", "application/json", "1.0", "grüße", "中文", ",", ";q=0.5", "a  b", "\t", " ", "=", "\"q\""]
    inner = "".join(random.choice(words) for _ in range(random.randint(0, 5)))
    return random.choice(["", " ", "  ", "\t"]) + inner + random.choice(["", " ", " \t "])


def headers(random, has_body):
    names = ["User-Agent", "Accept", "X-Project-Id", "x-domain-id", "X-SECURITY-TOKEN", "X-Note", "x-a", "X-B-c", "X-1",
             "x_with_underscore", "Accept-Language"]
    chosen = {name: header_value(random) for name in random.sample(names, random.randint(0, 6))}
    kinds = ["application/json", "application/json;charset=utf8", "application/json; charset=UTF-8", None]
    # For other media types the signer leaves the payload out, which is fine where there is none.
    kind = random.choice(kinds if has_body else kinds + ["text/plain"])
    if kind:
        chosen["Content-Type"] = kind
    if random.random() < 0.5:
        chosen[random.choice(["Host", "host"])] = random.choice(["127.0.0.1:8443", "[::1]:1", "esw.example.com", "例.cn"])
    chosen[random.choice(["X-Sdk-Date", "x-sdk-date"])] = DATE
    items = list(chosen.items())
    random.shuffle(items)
    return dict(items)


def body(random):
    kind = random.random()
    if kind < 0.4:
        return b""
    if kind < 0.9:
        return json.dumps({text(random): text(random)}, ensure_ascii=random.random() < 0.5).encode()
    return random.randbytes(random.randint(1, 200))


def vector(random):
    key_id, secret = random.choice(KEYS)
    given, wire = path(random)
    payload = body(random)
    request = SdkRequest(
        method=random.choice(METHODS), schema="https", host="esw.example.com", resource_path=given,
        query_params=query(random), header_params=headers(random, bool(payload)), body=payload)
    Signer(BasicCredentials(key_id, secret, PROJECT)).sign(request)
    # The signer leaves the encoding of header bytes to its HTTP library; as values they are UTF-8.
    values = [[name, value.encode("iso-8859-1").decode()] for name, value in request.header_params.items()]
    return {
        "method": request.method, "path": wire, "query": request.uri[len(given) + 1:], "headers": values,
        "body": base64.b64encode(payload).decode(), "key": key_id, "secret": secret}


def main():
    seed, count = sys.argv[1:]
    generator = random.Random(int(seed))
    for _ in range(int(count)):
        print(json.dumps(vector(generator)))


if __name__ == "__main__":
    main()
