#include "mtasts/base.h"

const char *sts_strerror(enum sts_err err)
{
	switch (err) {
	case STS_OK:
		return "no error";
	case STS_ENOMEM:
		return "out of memory";
	case STS_EINVAL:
		return "invalid argument";
	case STS_ENOENT:
		return "not found";
	case STS_EIO:
		return "input or output failed";
	case STS_ETIMEOUT:
		return "timed out";
	case STS_ESYSTEM:
		return "the system or a library refused";
	}
	return "unknown error";
}
