/* A session: one client, or one server and its clients, until it ends. */
#ifndef GMCAT_SESSION_H
#define GMCAT_SESSION_H

#include "options.h"

enum status { STATUS_GOOD, STATUS_BROKEN, STATUS_USAGE, STATUS_NOT_MET, STATUS_FILE };

/* `recording` is what is played, or NULL. */
enum status session_run(const struct options *options, const struct recording *recording);

#endif
