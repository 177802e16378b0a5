#!/usr/bin/env python3
"""Each check finds what it is for, and leaves alone what is sound."""

import importlib
import os
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import coroutines
import fences
import format as formatting
import layers
import sizes
import words

LAYERS = ["base", "event", "http", "http/h1", "http/step", "main"]


class Layers(unittest.TestCase):
    def found(self, path, include):
        return [w for _, w in layers.check(path, '#include "%s"\n' % include, LAYERS)]

    def test_bad(self):
        self.assertIn("must not include", self.found("base/a.cc", "event/loop.h")[0])
        self.assertIn("do not know each other", self.found("http/step/a.cc", "http/h1/codec.h")[0])
        self.assertIn("written from src", self.found("base/a.cc", "b.h")[0])
        self.assertIn("not in src/LAYERS", self.found("attic/a.cc", "base/a.h")[0])
        self.assertIn("must not include", self.found("http/a.cc", "http/step/b.h")[0])

    def test_good(self):
        for path, include in (("event/a.cc", "base/x.h"), ("event/a.cc", "event/b.h"), ("http/step/a.cc", "http/b.h"),
                              ("main.cc", "http/b.h"), ("base/a.cc", "config.h"), ("http/step/deep/a.cc", "http/step/b.h")):
            self.assertEqual(self.found(path, include), [], (path, include))
        self.assertEqual(list(layers.check("base/a.cc", '// #include "event/x.h"\n', LAYERS)), [])


class Coroutines(unittest.TestCase):
    def found(self, body, path="src/http/x.cc"):
        return " | ".join(w for _, w in coroutines.check(path, "Task<void> f() {\n  %s\n}\n" % body))

    def test_bad(self):
        for body, expected in (
                ("if (co_await g()) { h(); }", "condition of if"),
                ("if (a && !co_await g()) h();", "condition of if"),
                ("if (int n = 3; co_await g(n)) { h(); }", "condition of if"),
                ("while (co_await g()) {}", "condition of while"),
                ("while (\n      (co_await g()) == 3) {}", "condition of while"),
                ("switch (co_await g()) { default: h(); }", "condition of switch"),
                ("for (int i = 0; co_await g(i); i++) {}", "condition of for"),
                ("do { h(); } while (co_await g());", "condition of while"),
                ("co_await g([&] { h(); });", "lambda that captures"),
                ("auto x = co_await g(1, [this](int a) { return a; });", "lambda that captures"),
                ("x = join([&](int a) { return a; }, co_await g());", "lambda that captures"),
                ("co_await g(Range{1, 2});", "braced aggregate"),
                ("co_await g({1, 2});", "braced aggregate"),
                ("auto x = co_await g(a,\n      Options{.size = 3});", "braced aggregate"),
                ("x = Pair{co_await g(), 1};", "braced aggregate"),
                ("co_return Pair{co_await g(), 1};", "braced aggregate"),
                ("x = a ? co_await g() : 3;", "?:"),
                ("auto l = [](int a) -> Task<void> { co_await g(a); };", "lambda that is a coroutine"),
                ("run([&]() -> Task<int> { co_return 3; });", "lambda that is a coroutine"),
                ("std::coroutine_handle<> h;", "outside src/event")):
            self.assertIn(expected, self.found(body), body)

    def test_good(self):
        for body in (
                "if (auto x = co_await g()) { h(); }",
                "if (const Result<int> x = co_await g(); !x) { h(); }",
                "if (auto x = co_await g(); x && y) { h(); }",
                "while (auto x = co_await g()) { h(); }",
                "auto x = co_await g();\n  if (x) { co_await h(); }",
                "if (a) { co_await g(); } else { co_return co_await h(1, 2); }",
                "for (auto& s : all) { co_await s.step(); }",
                "auto l = [&] { return 3; };\n  co_await g(l);",
                "co_await g([](int a) { return a + 1; });",
                "Range r{1, 2};\n  co_await g(r);",
                "switch (v) { case 1: co_await g(); break; default: break; }",
                "h();  // if (co_await g()) is wrong\n",
                'log("if (co_await x) {}");',
                "try { co_await g(); } catch (...) {}",
                "{ Scope s(3); co_await g(); }",
                "int a[] = {1, 2};\n  co_await g(a);"):
            self.assertEqual(self.found(body), "", body)
        self.assertEqual(self.found("std::coroutine_handle<> h;", "src/event/task.h"), "")
        self.assertEqual(self.found("}\nauto k() -> Task<void> {\n  co_await g();"), "")
        self.assertEqual(self.found("auto [a, b] = co_await g();\n  [[maybe_unused]] auto c = co_await h(a[1]);"), "")


class Fences(unittest.TestCase):
    rows = fences.table("# words\nevent2/* event/*\nzlib.h http/filter/gzip*\n")

    def found(self, path, header):
        return " ".join(w for _, w in fences.check(path, "#include <%s>\n" % header, self.rows))

    def test(self):
        self.assertIn("for event/* only", self.found("http/a.cc", "event2/event.h"))
        self.assertIn("for http/filter/gzip* only", self.found("base/a.cc", "zlib.h"))
        self.assertIn("not in t/lint", self.found("base/a.cc", "curl/curl.h"))
        for path, header in (("event/a.cc", "event2/event.h"), ("http/filter/gzip.cc", "zlib.h"), ("base/a.cc", "sys/uio.h"),
                             ("base/a.cc", "string_view"), ("base/a.cc", "unistd.h"), ("net/a.cc", "netinet/tcp.h")):
            self.assertEqual(self.found(path, header), "", header)


class Words(unittest.TestCase):
    def test(self):
        self.assertEqual(len(list(words.check("// TO" "DO later\nint a;  // XX" "X\n"))), 2)
        self.assertEqual(len(list(words.check('open("/wo' 'rk/main/x");'))), 1)
        self.assertEqual(list(words.check('root /var/www/networking; "a/work/b"; TODOS')), [])


class Sizes(unittest.TestCase):
    def test(self):
        self.assertTrue(list(sizes.too_long("a.cc", 801)))
        self.assertFalse(list(sizes.too_long("a.cc", 800)))


class Format(unittest.TestCase):
    @unittest.skipUnless(shutil.which("clang-format"), "clang-format is not installed")
    def test(self):
        with tempfile.TemporaryDirectory() as folder:
            good, bad = os.path.join(folder, "good.cc"), os.path.join(folder, "bad.cc")
            with open(good, "w") as f:
                f.write("int f() { return 3; }\n")
            with open(bad, "w") as f:
                f.write("int  f( ) {\n return 3 ;}\n")
            self.assertEqual(formatting.check([good]), "")
            self.assertIn("bad.cc", formatting.check([good, bad]))


if __name__ == "__main__":
    unittest.main()
