/// @description One is enough, and only where there is a library

if (instance_number(obj_stepwire) > 1) {
    instance_destroy();
    exit;
}
if (!extension_exists("stepwire")) {
    show_debug_message("stepwire: the extension is not part of this build: its functions cannot be called");
    instance_destroy();
    exit;
}
try {
    // The runner has done this already; releases that do not are served too.
    stepwire_init();
} catch (missing) {
    show_debug_message("stepwire: the library was not found beside the game: " + string(missing));
    instance_destroy();
}
