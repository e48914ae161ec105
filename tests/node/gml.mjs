// GML is near enough to JavaScript to run as it is, but for the accessors of maps, `static`, and files of functions that
// begin with `#define`. For the package's own files, not for GML at large.

const MAP = String.raw`([\w.]+)\[\? ([^\]]+)\]`;

export function toJavaScript(gml) {
  return gml.replace(new RegExp(`${MAP} = ([^;]+);`, "g"), "ds_map_set($1, $2, $3);")
    .replace(new RegExp(MAP, "g"), "ds_map_find_value($1, $2)")
    .replace(/^(\s*)static /gm, "$1var ");
}

// Functions whose arguments are argument0, argument1, ...
export function definesToJavaScript(gml) {
  const parts = toJavaScript(gml).split(/^#define (\w+)$/m).slice(1);
  let script = "";
  for (let at = 0; at < parts.length; at += 2) {
    script += `function ${parts[at]}(...given) {
      const [argument0, argument1, argument2, argument3, argument4] = given;
      ${parts[at + 1]}
    }\n`;
  }
  return script;
}
