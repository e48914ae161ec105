/// @description One is enough

if (instance_number(obj_stepwire) > 1) {
    instance_destroy();
    exit;
}
// The runner has done this already; releases that do not are served too.
stepwire_init();
