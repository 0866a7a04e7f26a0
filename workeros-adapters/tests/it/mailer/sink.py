"""A mail server that prints what it is sent.

    sink.py none|starttls|implicit [certificate key]

Prints its port, then each mail as a line of JSON. Ends with its standard input.
Knows one user, `ann` with the password `secret`, and three recipients:
`nobody@` does not exist, `busy@` is to be tried again, all others get mail.
"""

import asyncio
import json
import ssl
import sys
import warnings
from email import message_from_bytes, policy

from aiosmtpd.smtp import SMTP, AuthResult

warnings.simplefilter("ignore")


class Sink:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 no such user"
        if address.startswith("busy@"):
            return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(envelope.content, policy=policy.default)
        bodies = {
            part.get_content_type(): part.get_content().replace("\r\n", "\n")
            for part in message.walk()
            if not part.is_multipart()
        }
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": {name.lower(): str(value) for name, value in message.items()},
            "type": message.get_content_type(),
            "bodies": bodies,
            "raw": envelope.content.decode("utf-8"),
            "hello": session.host_name,
            "tls": session.ssl is not None or mode == "implicit",
            "user": session.auth_data and session.auth_data.login.decode(),
        }
        print(json.dumps(mail), flush=True)
        return "250 2.0.0 OK"


def authenticate(server, session, envelope, mechanism, credentials):
    known = (credentials.login, credentials.password) == (b"ann", b"secret")
    return AuthResult(success=known, handled=False, auth_data=credentials)


async def main():
    context = None
    if mode != "none":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*sys.argv[2:4])

    def protocol():
        return SMTP(
            Sink(),
            hostname="sink",
            enable_SMTPUTF8=True,
            tls_context=context if mode == "starttls" else None,
            require_starttls=mode == "starttls",
            authenticator=authenticate,
            auth_required=mode != "none",
            auth_require_tls=False,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        protocol, "127.0.0.1", 0, ssl=context if mode == "implicit" else None
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


mode = sys.argv[1]
asyncio.run(main())
