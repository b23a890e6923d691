"""Decks and excerpts, made of a small page as Sphinx writes it."""

import sys

import pytest
from bs4 import BeautifulSoup
from places import ROOT

PAGE = """<html><head><script>window.MathJax = {"options": {}}</script>
<script src="../_static/mathjax/tex.js"></script></head><body>
<article class="bd-article"><section id="top">
<h1>2. Zeros<a class="headerlink" href="#top">#</a></h1>
<p><strong>The question.</strong> Which <a href="01.html">weights</a> go?</p>
<p><strong>After this chapter you can</strong></p><ul><li>prune &lt;a&gt;;</li></ul>
<section id="shape"><h2>The shape<a class="headerlink" href="#shape">#</a></h2>
<p>A <strong>term</strong>. <strong>A test with a million of them finds everything.</strong></p>
<figure id="fig-1"><div class="figure-frame"><svg><a href="#x"><text>3</text></a></svg></div>
<figcaption><p>A caption with <span class="math">\\(w\\)</span>.</p></figcaption></figure></section>
<section id="expect"><h2>What you might expect, and what you see</h2><table>
<tr><th>expect</th><th>see</th></tr>ROWS</table></section>
<section id="summary"><h2>Summary</h2><ul><li>Count.</li></ul></section>
<section id="check"><h2>Check yourself</h2><div class="lk-quiz"><fieldset><legend>Why?</legend>
<label><input type="radio"><span class="lk-letter">A.</span> <span>So.</span></label>
<label><input type="radio"><span class="lk-letter">B.</span> <span>Not so.</span></label></fieldset>
<details><ul><li class="lk-wrong"><strong>A. Not quite.</strong> No.</li>
<li class="lk-right"><strong>B. Right.</strong> It is.</li></ul></details></div></section>
<section id="exercises"><h2>Exercises</h2><table><tr><th>exercise</th></tr>
<tr><td>Masks</td></tr></table></section></section></article></body></html>"""
PAGE = PAGE.replace("ROWS", "".join(f"<tr><td>e{n}</td><td>s{n}</td></tr>" for n in range(8)))


@pytest.fixture(scope="module")
def made():
    """What book/_ext makes of the page."""
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    try:
        from coursebook.excerpts import page_text
        from coursebook.slides import slides_page
    finally:
        sys.path.pop(0)
    deck = slides_page(PAGE, "book/02-zeros.html", "A course")
    return BeautifulSoup(deck, "html.parser"), BeautifulSoup(page_text(PAGE), "html.parser")


def words(element):
    return " ".join(element.get_text(" ").split())


def test_a_deck_has_what_the_page_shows(made):
    slides = made[0].select(".slides > section")
    heads = [words(slide.find(["h1", "h2"])) for slide in slides]
    assert heads == [
        "2. Zeros",
        "After this chapter you can",
        "The shape",
        *["What you might expect, and what you see"] * 2,
        "Summary",
        "Check yourself",
        "Exercises",
    ]
    assert "Which weights go?" in words(slides[0])
    assert slides[2].svg and [words(one) for one in slides[2].select(".stressed")] == [
        "A test with a million of them finds everything."
    ]
    rows = [[words(row) for row in slide.select("tbody tr")] for slide in slides[3:5]]
    assert rows == [[f"e{n} s{n}" for n in part] for part in (range(6), range(6, 8))]
    assert all(words(slide.thead) == "expect see" for slide in slides[3:5])
    assert [words(option) for option in slides[6].select("ol li")] == ["So.", "Not so."]
    assert words(slides[6].select_one(".fragment")) == "B. Right. It is."


def test_a_deck_leads_nowhere_but_to_its_chapter(made):
    deck = made[0]
    links = [a["href"] for a in deck.select(".slides a") if not a.find_parent("svg")]
    assert links == ["../book/02-zeros.html"]
    loaded = [e.get("src") or e["href"] for e in deck.select("script[src], link[href]")]
    assert loaded and all(path.startswith("../_static/") for path in loaded)
    assert "../_static/mathjax/tex.js" in loaded and "window.MathJax" in str(deck.head)
    assert not deck.select("input, .headerlink")


def test_excerpts_keep_text_and_anchors(made):
    main = made[1].select_one("[role=main]")
    assert words(main.select_one("#summary")) == "Summary Count."
    assert "finds everything" in words(main.select_one("#top #shape"))
    assert not main.select("svg, a, table")
