# SPDX-License-Identifier: Apache-2.0
"""What becomes of posts that change: edits, headlines, reverts, removals, new ones; and what is no change."""

import json
import re
import unittest

from harness import RENDERED, EndToEnd, Site, validate, wait_for

SEED = "/emnews/2022/04/19/202204192347943667.html"
ID = "finews:202204192347943667"


class Changes(EndToEnd):
    def start(self):
        site = self.site(Site)
        site.serve_folder(RENDERED)
        daemon = self.daemon([{"id": "finews", "kind": "jekyll", "url": site.url, "every": "1s", "delay": "0s",
                               "timezone": "Asia/Shanghai",
                               "recheck": [f"{n}s" for n in range(1, 90)],
                               "removal": {"confirm_after": "1s"}}])
        daemon.start()
        wait_for(lambda: len(daemon.events()) == 5, "the five posts")
        return site, daemon

    def history(self, daemon, post=ID):
        return [e for e in daemon.events() if e["id"] == post]

    def edit(self, site, change):
        status, kind, body = site.pages[SEED]
        text = change(body.decode())
        self.assertNotEqual(text, body.decode())
        site.put(SEED, text, kind)
        asked = site.count(SEED)
        return lambda: site.count(SEED) > asked + 1

    def test_edits_are_revisions_and_noise_is_none(self):
        site, daemon = self.start()
        original = site.pages[SEED][2].decode()
        # A chart's token changes at every rendering.
        seen = self.edit(site, lambda t: t.replace("token=28dfeb41d35cc81d84b4664d7c23c49f", "token=0000"))
        wait_for(seen, "the page to be asked again")
        # An advertisement comes.
        seen = self.edit(site, lambda t: t.replace("</main>", '</main><aside class="ad">Buy now! <a href="/x">x</a></aside>'))
        wait_for(seen, "the page to be asked again")
        self.assertEqual(len(self.history(daemon)), 1)
        # An edited body, an edited headline, and the page as it was.
        self.edit(site, lambda t: t.replace("大家再见", "各位再见"))
        wait_for(lambda: len(self.history(daemon)) == 2, "the revision of the body")
        self.edit(site, lambda t: re.sub(r"工信部：完善新一轮新能源汽车下乡活动", "更正：新一轮新能源汽车下乡活动", t))
        wait_for(lambda: len(self.history(daemon)) == 3, "the revision of the headline")
        self.edit(site, lambda _: original)
        wait_for(lambda: len(self.history(daemon)) == 4, "the revision back")
        self.assertEqual(daemon.stop(), 0)
        history = self.history(daemon)
        self.assertEqual([(e["type"], e["revision"], e["changed"]) for e in history],
                         [("post.published", 1, []), ("post.revised", 2, ["text"]),
                          ("post.revised", 3, ["title"]), ("post.revised", 4, ["title", "text"])])
        validate(self, [json.dumps(e) for e in history])

    def test_gone_is_removed_and_back_is_revised(self):
        site, daemon = self.start()
        status, kind, body = site.pages[SEED]
        site.put(SEED, "gone", "text/plain", 410)
        wait_for(lambda: len(self.history(daemon)) == 2, "the removal")
        site.put(SEED, body, kind)
        wait_for(lambda: len(self.history(daemon)) == 3, "the return")
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual([(e["type"], e["revision"]) for e in self.history(daemon)],
                         [("post.published", 1), ("post.removed", 2), ("post.revised", 3)])
        self.assertEqual(self.history(daemon)[2]["changed"], ["removed"])
        validate(self, [json.dumps(e) for e in daemon.events()])

    def test_new_post_appears_within_one_poll(self):
        site, daemon = self.start()
        path = "/emnews/2022/06/01/202206010000000001.html"
        site.put(path, site.pages[SEED][2].decode().replace("202204192347943667", "202206010000000001"))
        feed = site.pages["/feed.xml"][2].decode()
        entry = re.search(r"<entry>(?:(?!</entry>).)*202204192347943667.*?</entry>", feed, re.S).group(0)
        new = entry.replace("202204192347943667", "202206010000000001").replace("/2022/04/19/", "/2022/06/01/")
        new = new.replace("2022-04-19T", "2022-06-01T")
        site.put("/feed.xml", feed.replace("<entry>", new + "<entry>", 1), "application/xml")
        asked = site.count("/feed.xml")
        wait_for(lambda: self.history(daemon, "finews:202206010000000001"), "the new post")
        self.assertLessEqual(site.count("/feed.xml"), asked + 2)
        self.assertEqual(daemon.stop(), 0)


if __name__ == "__main__":
    unittest.main()
