"""Makes the GameMaker package and looks at it as an IDE would, with tools of another make.

Usage: package.py ROOT LIBRARY DIRECTORY: DIRECTORY takes the package and the parser from npm.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree
import zipfile
from pathlib import Path

PARSER = "@bscotch/gml-parser@1.17.2"


def check(condition, message):
    if not condition:
        sys.exit(f"package: {message}")


def check_manifest(package):
    names = package.namelist()
    check(len(names) == len(set(names)), "a file twice")
    check(package.testzip() is None, "a broken file")
    manifest = xml.etree.ElementTree.fromstring(package.read("yymanifest.xml"))
    listed = {entry.text.replace("\\", "/"): entry.get("md5") for entry in manifest.iter("file")}
    check(set(names) - {"yymanifest.xml"} == set(listed), "the manifest lists other files")
    for name, digest in listed.items():
        check(hashlib.md5(package.read(name)).hexdigest().upper() == digest, f"the digest of {name}")


def check_json(package):
    for name in package.namelist():
        if name.endswith((".yy", ".yyp", ".resource_order")):
            json.loads(re.sub(rb",(\s*[}\]])", rb"\1", package.read(name)))


def parser(directory):
    installed = directory / "node_modules" / "@bscotch" / "gml-parser"
    if not installed.exists():
        directory.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", directory, PARSER]
        subprocess.run(command, check=True)
    return installed


EVENTS = {"Create": "Create_0", "Key Press - Enter": "KeyPress_13", "Asynchronous - Networking": "Other_68",
          "Draw": "Draw_0"}
TYPES = {"Create": 0, "KeyPress": 9, "Other": 7, "Draw": 8}


def add_example(root, project):
    """Makes an object of the example in the documentation, so that the parser reads it, too."""
    page = (Path(root) / "docs/porting-gamemaker.md").read_text()
    code = page.split("<!-- hello: begin -->")[1].split("```gml\n")[1].split("```")[0]
    parts = re.split(r"^// (%s)\n" % "|".join(EVENTS), code, flags=re.MULTILINE)
    folder = project / "objects/obj_hello"
    folder.mkdir()
    events = []
    for title, body in zip(parts[1::2], parts[2::2]):
        (folder / f"{EVENTS[title]}.gml").write_text(body)
        kind, number = EVENTS[title].split("_")
        events.append({"$GMEvent": "v1", "%Name": "", "collisionObjectId": None, "eventNum": int(number),
                       "eventType": TYPES[kind], "isDnD": False, "name": "", "resourceType": "GMEvent",
                       "resourceVersion": "2.0"})
    check(len(events) == len(EVENTS), "the example's events")
    source = re.sub(r",(\s*[}\]])", r"\1", (project / "objects/obj_stepwire/obj_stepwire.yy").read_text())
    resource = json.loads(source) | {"%Name": "obj_hello", "name": "obj_hello", "eventList": events}
    (folder / "obj_hello.yy").write_text(json.dumps(resource))
    file = project / "stepwire.yyp"
    yyp = json.loads(re.sub(r",(\s*[}\]])", r"\1", file.read_text()))
    yyp["resources"].append({"id": {"name": "obj_hello", "path": "objects/obj_hello/obj_hello.yy"}})
    file.write_text(json.dumps(yyp))


def main():
    root, library, directory = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    file = directory / "stepwire.yymps"
    command = [os.environ.get("CARGO", "cargo"), "xtask", "package-gamemaker", "--binary", library, "--out", file]
    subprocess.run(command, cwd=root, check=True)
    project = directory / "project"
    shutil.rmtree(project, ignore_errors=True)
    with zipfile.ZipFile(file) as package:
        check_manifest(package)
        check_json(package)
        package.extractall(project)
    add_example(root, project)
    # The parser asks the internet for the newest GameMaker unless it is told one.
    (project / "stitch.config.json").write_text('{"runtimeVersion":"2024.14.0.0"}')
    assets = ["obj_hello", "obj_stepwire", "obj_boxes", "rm_boxes", "boxes_messages", "stepwire_constants", "stepwire_functions",
              "stepwire_redirect", "stepwire"]
    environment = os.environ | {"EXPECTED_ASSETS": json.dumps(assets)}
    script = Path(__file__).with_name("check_project.mjs")
    command = ["node", script, parser(directory / "npm"), project / "stepwire.yyp"]
    sys.exit(subprocess.run(command, env=environment, timeout=120).returncode)


main()
