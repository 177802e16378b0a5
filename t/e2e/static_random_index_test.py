#!/usr/bin/env python3
"""random_index: another file of the folder each time."""
from harness import *


class RandomIndex(SluiceTest):
    def serve(self, directives):
        s = self.sluice("""
            server {
                listen 127.0.0.1:%(port)d; root %(prefix)s/files;
                location / { """ + directives + """ }
                location ~ two$ { return 200 "two, found anew: $uri?$args"; }
            }""", start=False)
        for name in ("some/one", "some/two", "some/.hidden", "some/folder/inner", "sub/folder/x", "hidden/.x",
                     "indexed/folder/x"):
            s.write_file("files/" + name, name)
        s.start()
        return s

    def test_any_file_by_an_internal_redirect(self):
        s = self.serve("random_index on;")
        seen = [s.get("/some/?a=b").text for _ in range(60)]
        self.assertEqual(set(seen), {"some/one", "two, found anew: /some/two?a=b"})
        # By chance alone it is below 12 once in a million times.
        self.assertGreater(min(seen.count(text) for text in set(seen)), 11)
        self.assertEqual(s.get("/some/one").text, "some/one")

    def test_without_a_file(self):
        s = self.serve("random_index on;")
        self.assertEqual([s.get(path).status for path in ("/sub/", "/hidden/", "/none/")], [403, 403, 404])
        s.wait_log('opendir.. "[^"]*/none/?" failed .2: No such file')
        listed = self.serve("random_index on; autoindex on;")
        self.assertIn("Index of /sub/", listed.get("/sub/").text)

    def test_before_index(self):
        s = self.serve("random_index on; index two;")
        self.assertIn("some/one", [s.get("/some/").text for _ in range(40)])

    def test_off(self):
        self.assertEqual(self.serve("random_index off;").get("/some/").status, 403)


if __name__ == "__main__":
    main()
