#include "mtasts/check.h"

#ifndef STS_VERSION
#define STS_VERSION "0.1.0"
#endif

const char *sts_version(void)
{
	return STS_VERSION;
}
