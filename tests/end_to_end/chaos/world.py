# SPDX-License-Identifier: Apache-2.0
"""Sites of numbered posts that are published, edited, reverted and removed, and their own log of it.

A World has four sources: `j`, a Jekyll site (feed of the ten newest, sitemap, pages); `p`, a feed whose posts are their
pages; `f`, a feed that is itself the body of its posts; `m`, a folder of Markdown posts. Only `j` has a short feed: what left
it is in its sitemap. Each change is made and logged under
one lock: `Post.history` holds what was true at the site, in order. That log and the topics are all that the oracle knows.
"""

import html
import os
import random
import threading

from harness import Site

WORDS = """market bank price growth report quarter profit trade export steel energy grain copper policy rate bond share
index fund board audit merger supply demand tariff harbour freight vessel turbine reactor battery lithium cobalt nickel
vaccine clinic budget deficit pension housing mortgage insurer broker auction licence permit railway airline terminal
satellite antenna semiconductor foundry software platform harvest drought rainfall reservoir pipeline refinery cargo
ministry parliament council treaty summit envoy border customs patent court verdict appeal settlement strike union wage
factory inventory retailer consumer sentiment outlook forecast revision estimate surplus reserve currency exchange""".split()

DAY = "2026-03-02"
RECHECKS = [2, 4, 7, *range(10, 3600, 10)]  # seconds; more often, and a busy machine does nothing else
MOST_POSTS = {"j": 150, "p": 80, "f": 150, "m": 5000}  # feeds that show all grow no further: attacks may last long
FEED_LENGTH = 10  # of `j`, as jekyll-feed has it
SETTINGS = {
    "every": "1s",
    "delay": "0s",
    "backfill": "all",
    "timezone": "UTC",
    "parallel": 4,
    "removal": {"confirm_after": "1s"},
}


class Post:
    """One numbered post. A state is (title, text), or None when it is not there."""

    def __init__(self, source, number):
        self.source = source
        self.number = number
        self.born = 0  # its place in lists: the highest first
        self.history = []
        self.gone_status = 404

    @property
    def native(self):
        return f"20260302{self.number:010d}"

    @property
    def now(self):
        return self.history[-1]

    @property
    def date(self):
        minute, second = divmod(self.number % 3600, 60)
        return f"{DAY}T{self.number // 3600 % 24:02d}:{minute:02d}:{second:02d}+00:00"


class World:
    def __init__(self, folder, seed, first=None):
        """`first`: how many posts each source begins with, by source id."""
        self.chance = random.Random(seed)
        self.lock = threading.RLock()
        self.posts = {s: {} for s in "jpfm"}  # by number
        self.changes = 0
        self.folder = folder / "_posts"
        self.folder.mkdir(parents=True)
        self.site = Site()
        self._stop = threading.Event()
        self._thread = None
        for source, count in (first or {"j": 12, "p": 8, "f": 8, "m": 20}).items():
            for _ in range(count):
                self.publish(source, render=False)
            self.render(source)

    def sources(self, every="1s", recheck=None):
        """The configuration's `sources`. With `every` and `recheck`, posts are asked again for as long as a run lasts."""
        recheck = recheck or [f"{n}s" for n in RECHECKS]
        common = {**SETTINGS, "every": every}
        return [
            {**common, "id": "j", "kind": "jekyll", "url": self.site.url, "recheck": recheck},
            {**common, "id": "p", "kind": "feed", "url": self.site.url + "p/feed.xml", "body": "page", "recheck": recheck},
            {**common, "id": "f", "kind": "feed", "url": self.site.url + "f/feed.xml", "body": "feed", "recheck": [],
             "removal": {"confirm_after": "1s", "when_unlisted": True}},
            {**common, "id": "m", "kind": "folder", "url": str(self.folder), "recheck": [],
             "removal": {"when_unlisted": True}},
        ]

    # What happens at the sites.

    def publish(self, source, render=True):
        with self.lock:
            number = len(self.posts[source])
            post = self.posts[source][number] = Post(source, number)
            post.born = self.changes
            self._set(post, self._content(post))
            if render:
                self.render(source)
            return post

    def edit(self, post):
        with self.lock:
            if post.now is None:
                return
            title, text = self._content(post)
            kind = self.chance.randrange(3)
            self._set(post, (title if kind != 1 else post.now[0], text if kind != 2 else post.now[1]))
            self.render(post.source)

    def revert(self, post):
        with self.lock:
            before = [state for state in post.history[:-1] if state is not None and state != post.now]
            if post.now is None or not before:
                return
            self._set(post, before[-1])
            self.render(post.source)

    def remove(self, post):
        """Pages are removed only when the daemon has them for certain: a page that never answered is asked for again only
        after minutes or hours, longer than a run lasts."""
        with self.lock:
            if post.now is None or post.source in "jp" and self.path_of(post) not in self.site.known:
                return
            post.gone_status = self.chance.choice([404, 410])
            self._set(post, None)
            self.render(post.source)

    def restore(self, post):
        """Comes back with other words, as the newest of its list."""
        with self.lock:
            if post.now is not None:
                return
            post.born = self.changes
            self._set(post, self._content(post))
            self.render(post.source)

    def act(self):
        """One change somewhere."""
        with self.lock:
            source = self.chance.choices("jpfm", weights=(3, 2, 2, 6))[0]
            deed = self.chance.random()
            if deed < 0.6 and len(self.posts[source]) < MOST_POSTS[source]:
                for _ in range(1 if self.chance.random() < 0.9 else self.chance.randrange(2, 16)):
                    self.publish(source, render=False)
                self.render(source)
                return
            numbers = self.posts[source]
            post = numbers[self.chance.randrange(max(0, len(numbers) - 60), len(numbers))]
            if deed < 0.8:  # or there are enough
                self.edit(post)
            elif deed < 0.87:
                self.revert(post)
            elif deed < 0.95:
                self.remove(post)
            else:
                gone = [p for p in numbers.values() if p.now is None]
                if gone:
                    self.restore(self.chance.choice(gone))

    def start(self, actions_per_second=10):
        """Changes go on in a thread until pause()."""
        self._stop.clear()

        def go():
            while not self._stop.wait(self.chance.expovariate(actions_per_second)):
                self.act()

        self._thread = threading.Thread(target=go, daemon=True)
        self._thread.start()

    def pause(self):
        self._stop.set()
        if self._thread:
            self._thread.join()
            self._thread = None

    def close(self):
        self.pause()
        self.site.close()

    def all_posts(self):
        with self.lock:
            return [post for posts in self.posts.values() for post in posts.values()]

    # How it is served.

    def _content(self, post):
        edition = sum(state is not None for state in post.history)
        words = " ".join(self.chance.choices(WORDS, k=40))
        return (f"Post {post.number} of {post.source}, edition {edition}: {self.chance.choice(WORDS)}",
                f"This is edition {edition} of post {post.number} of {post.source}. It says: {words}.")

    def _set(self, post, state):
        post.history.append(state)
        self.changes += 1
        if post.source == "m":
            self._write_file(post)
        elif post.source in "jp":
            if state is None:
                self.site.put(self.path_of(post), "it is not here", "text/plain", post.gone_status)
            else:
                self.site.put(self.path_of(post), self._page(post))

    def path_of(self, post):
        if post.source == "j":
            return f"/news{post.number % 5}/2026/03/02/{post.native}.html"
        return f"/{post.source}/{post.native}.html"

    def url_of(self, post):
        if post.source == "m":
            return (self.folder / f"{DAY}-{post.native}.md").as_uri()
        return self.site.url.rstrip("/") + self.path_of(post)

    def _write_file(self, post):
        path = self.folder / f"{DAY}-{post.native}.md"
        if post.now is None:
            path.unlink()
            return
        title, text = post.now
        hidden = self.folder / f".{path.name}"
        hidden.write_text(f'---\ntitle: "{title}"\ndate: {post.date}\ncategories: news{post.number % 5}\n---\n{text}\n')
        os.replace(hidden, path)

    def _page(self, post):
        title, text = map(html.escape, post.now)
        return (f"<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>{title}</title></head><body>"
                f"<nav><a href=/>Home</a></nav><article><h1>{title}</h1>"
                f"<p><time datetime={post.date}>{post.date}</time></p><p>{text}</p></article></body></html>")

    def _there(self, source):
        there = [p for p in self.posts[source].values() if p.now is not None]
        return sorted(there, key=lambda p: p.born, reverse=True)

    def _entry(self, post, content=True):
        title, text = map(html.escape, post.now)
        body = f'<content type="html">&lt;p&gt;{html.escape(text)}&lt;/p&gt;</content>' if content else ""
        url = self.url_of(post)
        edition = len(post.history)  # as a site has it: `updated` moves with each change
        return (f'<entry><title type="html">{title}</title><link href="{url}" rel="alternate"/><id>{url}</id>'
                f"<published>{post.date}</published><updated>{DAY}T23:{edition // 60 % 60:02d}:{edition % 60:02d}Z</updated>"
                f'<category term="news{post.number % 5}"/>{body}</entry>')

    def render(self, source):
        with self.lock:
            if source == "m":
                return
            there = self._there(source)
            shown = FEED_LENGTH if source == "j" else None
            entries = "".join(self._entry(p, content=source != "p") for p in there[:shown])
            prefix = "/" if source == "j" else f"/{source}/"
            self.site.put(prefix + "feed.xml",
                          '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
                          f"<title>Site {source}</title><updated>{DAY}T00:00:00Z</updated><id>site-{source}</id>"
                          f"{entries}</feed>", "application/atom+xml")
            if source == "j":
                urls = "".join(f"<url><loc>{self.url_of(p)}</loc><lastmod>{p.date}</lastmod></url>" for p in there)
                self.site.put("/sitemap.xml",
                              '<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/'
                              f'sitemap/0.9">{urls}</urlset>', "application/xml")
