"""The mails that a server without a mail server has captured, as its operator sees them."""

import json
import pathlib
import urllib.parse
import urllib.request


class Mails:
    """Those of the server whose administration address this is."""

    def __init__(self, admin, key_file):
        self.admin = admin
        self.key = pathlib.Path(key_file).read_text().strip()

    def _ask(self, path):
        request = urllib.request.Request(self.admin + path, headers={"authorization": f"Bearer {self.key}"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def token(self, to, page):
        """The token in the newest mail to `to` with a link to `page`."""
        mails = []
        after = None
        while True:
            query = "" if after is None else "?" + urllib.parse.urlencode({"after": after})
            found = self._ask("/admin/mails" + query)
            mails += [mail for mail in found["mails"] if mail["to"] == to]
            after = found.get("next")
            if after is None:
                break
        for mail in sorted(mails, key=lambda mail: -mail["at"]):
            text = self._ask("/admin/mails/" + urllib.parse.quote(mail["id"]))["text"]
            _, link, rest = text.partition(f"/{page}#")
            if link:
                return rest.split()[0]
        raise SystemExit(f"no mail with a link to {page}")
