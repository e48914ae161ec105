// Reads a GameMaker project with a parser of another make and fails on anything it complains of:
// files that do not fit their schema, code that does not parse, names that nobody declares.
// Usage: node check_project.mjs PARSER_DIRECTORY PROJECT.yyp
import { pathToFileURL } from 'node:url';
import path from 'node:path';

const [parserDirectory, projectFile] = process.argv.slice(2);
const load = (file) => import(pathToFileURL(path.join(parserDirectory, file)).href);
const { Native } = await load('dist/project.native.js');
const { Project } = await load('dist/index.js');

// Its own description of GML, instead of one looked for on the internet.
Native.listSpecFiles = async () => [Native.fallbackGmlSpecPath];
Native.findHelpLinksFile = async () => undefined;

const project = await Project.initialize(projectFile);
const complaints = [];
let files = 0;
for (const asset of project.assets.values()) {
  for (const file of asset.gmlFilesArray) {
    files += 1;
    for (const diagnostic of Object.values(file.diagnostics ?? {}).flat()) {
      const line = diagnostic.location?.start?.line;
      complaints.push(`${file.path.basename}:${line}: ${diagnostic.description ?? diagnostic.message}`);
    }
  }
}
const expected = JSON.parse(process.env.EXPECTED_ASSETS);
const found = [...project.assets.values()].map((asset) => asset.name);
for (const name of expected.filter((name) => !found.includes(name))) {
  complaints.push(`the parser did not find ${name}`);
}
for (const complaint of complaints) {
  console.error(complaint);
}
console.log(`${found.length} assets, ${files} files of code, ${complaints.length} complaints`);
process.exit(complaints.length > 0 || files === 0 ? 1 : 0);
