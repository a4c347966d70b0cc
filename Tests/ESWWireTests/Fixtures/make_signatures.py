#!/usr/bin/env python3
"""Writes signatures.json: requests as the vendor's own Python SDK signs them.

Needs huaweicloudsdkcore 3.1.219 (PyPI). What it writes are values: method, path and query as they go on
the wire, headers, body and the signature that the SDK made. Run it again only to add requests:

    python3 make_signatures.py > signatures.json
"""

import json
import sys

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

PROJECT = "8f14e45fceea467fa1d0a1b2c3d4e5f6"
LIST = f"/v3/{PROJECT}/l2cg/connections"
JSON = {"Content-Type": "application/json"}
KEYS = [("AKEXAMPLE00000000001", "secret/of+the=first key"), ("AK-2", "密钥 two")]

# name, method, path, query, headers, body
REQUESTS = [
    ("a list", "GET", LIST, [], JSON, None),
    ("a list with filters", "GET", LIST, [("name", "edge-01"), ("limit", 10), ("id", "x")], JSON, None),
    ("a value of characters to be encoded", "GET", LIST, [("name", "边缘-01"), ("name", "中文")], JSON, None),
    ("spaces, plus, slash and equals in a value", "GET", LIST, [("description", "a b+c/d=e&f%20~-_.")], JSON, None),
    ("an empty value", "GET", LIST, [("marker", ""), ("limit", "0")], JSON, None),
    ("a repeated name", "GET", LIST, [("id", ["b", "a", "B"]), ("ID", "z")], JSON, None),
    ("a boolean", "GET", LIST, [("page_reverse", True)], JSON, None),
    ("names in an order that encoding would change", "GET", LIST, [("a-", "1"), ("a b", "2"), ("aé", "3"), ("a", "4")], JSON, None),
    ("emoji and combining marks", "GET", LIST, [("name", "e\u0301\U0001f600")], JSON, None),
    ("a create", "POST", f"/v3/{PROJECT}/l2cg/instances", [], JSON, '{"instance":{"name":"edge-01"}}'),
    ("a body beyond ASCII", "POST", f"/v3/{PROJECT}/l2cg/instances", [], JSON, '{"instance":{"name":"边缘"}}'),
    ("a body of white space", "PUT", LIST, [], JSON, " \n"),
    ("a delete", "DELETE", f"{LIST}/0f6f3a58-8f0e-4a57-9a44-52e6f1f5a001", [], JSON, None),
    ("a path that ends in a slash", "GET", LIST + "/", [], JSON, None),
    ("the root", "GET", "/", [], {}, None),
    ("a path with two slashes", "GET", "/v3//l2cg", [], JSON, None),
    ("a path with an encoded space", "GET", "/v3/a%20b/l2cg", [], JSON, None),
    ("a path with an encoded slash", "GET", "/v3/a%2Fb/l2cg", [], JSON, None),
    ("a path with Chinese", "GET", "/v3/%E4%B8%AD%E6%96%87/x", [], JSON, None),
    ("a path with characters to be encoded", "GET", "/v3/a:b@c!d$e,f;g=h/{project_id}", [], JSON, None),
    ("a path with a bare percent", "GET", "/v3/100%25/x", [], JSON, None),
    ("a path with a tilde and dots", "GET", "/v3/~a/../b_c-d.e", [], JSON, None),
    ("more headers", "GET", LIST, [], dict(JSON, **{
        "X-Project-Id": PROJECT, "User-Agent": "huaweicloud-usdk-python/3.0", "X-Security-Token": "t o k e n",
        "Accept": " application/json ", "x_with_underscore": "not signed"}), None),
    ("a header beyond ASCII", "GET", LIST, [], dict(JSON, **{"X-Note": "grüße"}), None),
    ("a charset behind the media type", "POST", LIST, [], {"Content-Type": "application/json;charset=utf8"}, "{}"),
    ("a host with a port", "GET", LIST, [], dict(JSON, Host="127.0.0.1:8443"), None),
    ("no content type", "GET", "/v3/projects", [("name", "local-1")], {}, None),
]


def vector(number, request):
    name, method, path, query, headers, body = request
    key_id, secret = KEYS[number % len(KEYS)]
    sent = SdkRequest(
        method=method, schema="https", host="esw.example.com", resource_path=path, query_params=list(query),
        header_params=dict(headers, **{"X-Sdk-Date": "20260105T090000Z"}), body=body)
    signer = Signer(BasicCredentials(key_id, secret, PROJECT))
    sent = signer.sign(sent)
    # The SDK leaves the encoding of header bytes to its HTTP library; as values they are UTF-8.
    values = {k: v.encode("iso-8859-1").decode("utf-8") for k, v in sent.header_params.items()}
    path, _, query = sent.uri.partition("?")
    return {
        "name": name, "method": method, "path": path, "query": query, "headers": values,
        "body": body or "", "key": key_id, "secret": secret}


def main():
    vectors = [vector(number, request) for number, request in enumerate(REQUESTS)]
    json.dump({"date": "20260105T090000Z", "vectors": vectors}, sys.stdout, indent=1, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
