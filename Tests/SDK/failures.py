"""Provokes every exception class that the vendor's SDK raises, each by what really goes wrong.

    failures.py ENDPOINT NODE UNDERLAY SEGMENT sync|async DATABASE

Two of its classes no server can provoke in this version of the SDK: `CallTimeoutException` and
`RetryOutageException` are raised only where a status is looked at, which neither ends up at. What a
caller sees for a slow server is the `Timeout` of the library beneath.
"""
import sqlite3
import sys

import requests
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions import exceptions
from huaweicloudsdkcore.http.http_config import HttpConfig
from huaweicloudsdkesw import v3 as esw
from huaweicloudsdkvpc import v2 as vpc

from common import Awaited, check, credentials, project, refused

endpoint, manner, database = sys.argv[1], *sys.argv[5:7]


def client(at=endpoint, by=credentials, module=esw, name="Esw", **settings):
    kind = getattr(module, name + ("AsyncClient" if manner == "async" else "Client"))
    config = HttpConfig(**settings)
    made = kind.new_builder().with_http_config(config).with_endpoint(at).with_credentials(by).build()
    return Awaited(made) if manner == "async" else made


def flavors(of):
    return lambda: of.list_flavors(esw.ListFlavorsRequest())


def fails(what, kind, call):
    try:
        answer = call()
    except Exception as error:
        check(f"{what}: {kind.__name__}", type(error) is kind, repr(error))
        return error
    check(what, False, answer)


# What the server refuses: ClientRequestException, for each kind of status.
refused("nothing of that id", 404, "l2cg.9923", lambda: client().show_instance(esw.ShowInstanceRequest(instance_id="x")))
refused("a wrong secret", 401, "APIGW.0301", flavors(client(by=BasicCredentials(credentials.ak, "x" * 40, project))))
refused("an unknown key", 401, "APIGW.0301", flavors(client(by=BasicCredentials("X" * 20, "x" * 40, project))))
refused("another's project", 403, "l2cg.8009",
        flavors(client(by=BasicCredentials(credentials.ak, credentials.sk, "0" * 32))))
refused("a project that nobody named", 403, "l2cg.8009",
        flavors(client(by=BasicCredentials(credentials.ak, credentials.sk, "{project_id}"))))
refused("a body without what it must have", 400, "l2cg.8001", lambda: client().create_instance(
    esw.CreateInstanceRequest(body=esw.CreatePostPaidInstanceRequestBody(instance=None))))
refused("a path that is not served", 404, "APIGW.0101", lambda: client(module=vpc, name="Vpc").list_security_groups(
    vpc.ListSecurityGroupsRequest()))
check("the base class catches it", issubclass(exceptions.ClientRequestException, exceptions.ServiceResponseException)
      and issubclass(exceptions.ServiceResponseException, exceptions.SdkException))

# Where nobody answers.
fails("a port that nobody listens on", exceptions.ConnectionException, flavors(client(at="http://127.0.0.1:1")))
fails("TLS to a port that speaks none", exceptions.SslHandShakeException,
      flavors(client(at=endpoint.replace("http://", "https://"))))
nowhere = flavors(client(at="http://no-such-host.invalid"))
try:
    nowhere()
except exceptions.ConnectionException as error:
    # The SDK tells an unknown host by the resolver's words; where there is no resolver, they are others.
    known = "not known" in error.error_msg
    check(f"a host that does not exist: {type(error).__name__}", not known
          or type(error) is exceptions.HostUnreachableException, error)

# A server that cannot write, because somebody holds its database: it answers 500 when it has waited,
# and who waits less sees the timeout.
holder = sqlite3.connect(database, isolation_level=None)
holder.execute("BEGIN IMMEDIATE")
body = vpc.CreateVpcRequest(body=vpc.CreateVpcRequestBody(vpc=vpc.CreateVpcOption(name="held", cidr="10.0.0.0/8")))
fails("an answer that does not come", requests.exceptions.ReadTimeout,
      lambda: client(module=vpc, name="Vpc", timeout=(5, 1)).create_vpc(body))
refused("a server that cannot write", 500, "l2cg.8000", lambda: client(module=vpc, name="Vpc").create_vpc(body),
        kind=exceptions.ServerResponseException)
holder.execute("ROLLBACK")
holder.close()
network = client(module=vpc, name="Vpc")
check("what failed was not made", network.list_vpcs(vpc.ListVpcsRequest()).vpcs == [])
made = network.create_vpc(body).vpc
check("and the server goes on", made.name == "held")
network.delete_vpc(vpc.DeleteVpcRequest(vpc_id=made.id))
print("the walk is complete")
