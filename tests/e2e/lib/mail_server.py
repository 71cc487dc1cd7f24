"""An SMTP server on a free port of this machine: prints the port, then each mail as a line of JSON."""
import asyncore
import email
import email.policy
import json
import smtpd
import sys
import warnings

warnings.simplefilter("ignore")


class MailServer(smtpd.SMTPServer):
    def process_message(self, peer, mailfrom, rcpttos, data, **options):
        mail = email.message_from_bytes(data, policy=email.policy.default)
        print(json.dumps({"from": mailfrom, "to": rcpttos, "subject": mail["Subject"], "text": mail.get_content()}), flush=True)


server = MailServer(("127.0.0.1", 0), None, decode_data=False)
print(server.socket.getsockname()[1], flush=True)
try:
    asyncore.loop()
except KeyboardInterrupt:
    sys.exit(0)
