/// @description What is not the garbage collector's

leave();
ds_map_destroy(ids);
buffer_delete(buffer);
