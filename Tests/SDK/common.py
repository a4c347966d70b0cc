"""What the walks with the vendor's SDK share: clients, and steps that say what they see.

Credentials come from the variables that the SDK's users have. The first surprise ends the program with
status 1.
"""
import os
import sys
import time

import requests
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkcore.sdk_request import SdkRequest
from huaweicloudsdkcore.signer.signer import Signer

credentials = BasicCredentials(
    os.environ["HUAWEICLOUD_SDK_AK"], os.environ["HUAWEICLOUD_SDK_SK"], os.environ["HUAWEICLOUD_SDK_PROJECT_ID"])
project = credentials.project_id


class Awaited:
    """An async client that is asked like a sync one: each call's future is waited for."""

    def __init__(self, client):
        self.client = client

    def __getattr__(self, name):
        call = getattr(self.client, name + "_async")
        return lambda request: call(request).result()


def client(module, name, manner, endpoint):
    """The module's client of that name, such as `Esw`, in the manner `sync` or `async`."""
    kind = getattr(module, name + ("AsyncClient" if manner == "async" else "Client"))
    made = kind.new_builder().with_endpoint(endpoint).with_credentials(credentials).build()
    return Awaited(made) if manner == "async" else made


def check(what, condition, seen=None):
    if not condition:
        print(f"FAILED {what}: {seen}")
        sys.exit(1)
    print(f"ok {what}")


def refused(what, status, code, call, kind=ClientRequestException):
    """The call must end in this error, and carry a request id as the SDK reads it."""
    try:
        answer = call()
    except kind as error:
        check(what, (error.status_code, error.error_code) == (status, code) and len(error.request_id) == 32,
              f"{error.status_code} {error.error_code} {error.error_msg} {error.request_id}")
    else:
        check(what, False, answer)


def walked(what, ids, page):
    """All rows must be found page by page, by the id of the last row until a page is empty.

    :param page: gives the ids behind a marker, at most two; the marker of the first page is None.
    """
    seen, marker = [], None
    while len(seen) <= len(ids):
        rows = page(marker)
        if not rows:
            break
        seen, marker = seen + rows, rows[-1]
    check(what, seen == ids, seen)


def own(endpoint, method, path, body=""):
    """A call of our own additions, signed by the vendor's signer."""
    scheme, host = endpoint.split("://")
    request = SdkRequest(method=method, schema=scheme, host=host, resource_path=path, uri="", query_params=[],
                         header_params={"Content-Type": "application/json"}, body=body)
    Signer(credentials).sign(request)
    return requests.request(method, endpoint + path, headers=request.header_params, data=body, timeout=30)


def wait(what, look, wanted, seconds=20):
    deadline = time.monotonic() + seconds
    seen = None
    while time.monotonic() < deadline:
        seen = look()
        if seen in wanted:
            check(what, True)
            return seen
        time.sleep(0.1)
    check(what, False, seen)
