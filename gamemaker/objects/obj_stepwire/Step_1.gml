/// @description Hand over what has arrived

stepwire_step();
