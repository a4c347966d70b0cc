"""Signs a request with an access key (SDK-HMAC-SHA256), once: wrk repeats its headers."""

import dataclasses
import datetime
import hashlib
import hmac
import pathlib
import re

ALGORITHM = "SDK-HMAC-SHA256"


@dataclasses.dataclass(frozen=True)
class Credentials:
    """What the first start of a server writes for its user."""

    key: str
    secret: str
    project: str

    @classmethod
    def read(cls, file: pathlib.Path) -> "Credentials":
        values = dict(re.findall(r"^(?:export )?([A-Z_]+)=['\"]?([^'\"\n]+)", file.read_text(), re.MULTILINE))
        return cls(
            values["HUAWEICLOUD_SDK_AK"], values["HUAWEICLOUD_SDK_SK"], values["HUAWEICLOUD_SDK_PROJECT_ID"]
        )


def signed(credentials: Credentials, method: str, path: str, query: str, host: str) -> dict[str, str]:
    """Headers of a request without a body, good for fifteen minutes.

    - query: as the signature wants it: sorted and encoded.
    """
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers = {"content-type": "application/json", "host": host, "x-sdk-date": date}
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    nothing = hashlib.sha256(b"").hexdigest()
    canonical = "\n".join([method, path + "/", query, lines, names, nothing])
    text = "\n".join([ALGORITHM, date, hashlib.sha256(canonical.encode()).hexdigest()])
    signature = hmac.new(credentials.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return {
        "Content-Type": headers["content-type"],
        "Host": host,
        "X-Sdk-Date": date,
        "Authorization": f"{ALGORITHM} Access={credentials.key}, SignedHeaders={names}, Signature={signature}",
    }
