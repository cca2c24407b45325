/* base.h - the three headers of launcher/base/ that nearly every file wants */
#ifndef LAUNCHER_BASE_BASE_H
#define LAUNCHER_BASE_BASE_H

#include "launcher/base/buf.h"
#include "launcher/base/err.h"
#include "launcher/base/fd.h"

#endif
