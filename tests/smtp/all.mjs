// The built program and a real mail server, each a process or a port of its own: `tests/smtp/run.sh` builds the program, or
//
//     VESTIBULE_PROGRAM=/path/to/vestibule node --test all.mjs

import "./serving.mjs";
import "./protected.mjs";
import "./killed.mjs";
