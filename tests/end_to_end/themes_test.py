# SPDX-License-Identifier: Apache-2.0
"""The seeds as other Jekyll themes render them: the events are the same whatever stands around the post."""

import shutil
import subprocess
import unittest

from harness import SEEDS, Site
from seeds_test import SeedsCase

CONFIG = """
title: 财经新闻
description: 滚动财经新闻
url: http://127.0.0.1:4000
timezone: Asia/Shanghai
plugins: [jekyll-feed, jekyll-sitemap{more_plugins}]
{more}
"""

PLAIN = """<!DOCTYPE html>
<title>{{ page.title }}</title>
<h2>{{ page.title }}</h2>
<i>{{ page.date | date: "%b %-d, %Y" }}</i>
{{ content }}
<hr><a href="/">home</a>
"""

BUSY = """<!DOCTYPE html>
<html lang="zh"><head><meta charset="utf-8"><title>{{ page.title | escape }} | {{ site.title }}</title>
<meta property="og:site_name" content="{{ site.title }}"><meta name="generator" content="Jekyll v{{ jekyll.version }}">
<script>window.dataLayer = window.dataLayer || []; function gtag(){dataLayer.push("<p>not text</p>")}</script></head>
<body class="layout--single"><div class="cookie-banner"><p>本网站使用 Cookie 以改善您的体验，继续浏览即表示同意。</p><button>同意</button></div>
<div class="masthead"><ul class="nav"><li><a href="/">首页</a></li><li><a href="/about/">关于</a></li><li><a href="/tags/">标签</a></li></ul></div>
<div id="main"><div class="sidebar"><h3>作者</h3><p>财经新闻自动收集的滚动新闻。</p>
<ul>{% for post in site.posts limit: 5 %}<li><a href="{{ post.url }}">{{ post.title }}</a></li>{% endfor %}</ul></div>
<div class="page"><div class="breadcrumbs"><a href="/">首页</a> / <a href="/category/x.html">{{ page.tags | first }}</a></div>
<div class="page__inner-wrap"><header><h1 class="page__title">{{ page.title | escape }}</h1>
<p class="page__meta"><span>{{ page.date | date: "%Y年%m月%d日 %H:%M" }}</span> 阅读时间约 5 分钟</p></header>
<section class="page__content">{{ content }}</section>
<footer class="page__meta"><p class="page__taxonomy"><strong>标签:</strong> <a href="/tags/">{{ page.tags | join: "、" }}</a></p></footer>
<section class="page__share"><h4>分享</h4><a href="https://x.example/share">微博</a> <a href="https://y.example/share">微信</a></section>
<nav class="pagination">{% if page.previous %}<a href="{{ page.previous.url }}">向前</a>{% endif %}{% if page.next %}<a href="{{ page.next.url }}">向后</a>{% endif %}</nav></div>
<div class="page__related"><h4>猜您还喜欢</h4>{% for post in site.posts %}<article><h2><a href="{{ post.url }}">{{ post.title }}</a></h2>
<p>{{ post.content | strip_html | truncate: 120 }}</p></article>{% endfor %}</div>
<div id="comments"><h4>评论</h4><div class="comment"><p>这篇文章写得非常好，期待更多的政策落地，支持企业发展。</p></div></div></div></div>
<footer><p>&copy; 2022 {{ site.title }}. 技术来自 Jekyll</p></footer></body></html>
"""


class Themes(SeedsCase):
    def render(self, layout=None, more="", more_plugins=""):
        source = self.folder / "source"
        (source / "_posts").mkdir(parents=True)
        for file in SEEDS.glob("*.md"):
            shutil.copy(file, source / "_posts")
        (source / "_config.yml").write_text(CONFIG.format(more=more, more_plugins=more_plugins))
        if layout:
            (source / "_layouts").mkdir()
            (source / "_layouts/post.html").write_text(layout)
        rendered = self.folder / "rendered"
        subprocess.run(["jekyll", "build", "--quiet", "--disable-disk-cache", "--source", source,
                        "--destination", rendered], check=True, capture_output=True, timeout=300)
        return rendered

    def check_theme(self, **theme):
        site = self.site(Site)
        site.serve_folder(self.render(**theme))
        daemon = self.daemon([self.jekyll(site)])
        daemon.run_once()
        self.check_events(daemon.values())

    def test_stock_minima(self):
        self.check_theme(more="theme: minima", more_plugins=", jekyll-seo-tag")

    def test_plain(self):
        self.check_theme(layout=PLAIN)

    def test_busy(self):
        self.check_theme(layout=BUSY)


if __name__ == "__main__":
    unittest.main()
