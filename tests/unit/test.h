/* A tiny harness: CASE names what is tried, EXPECT says what must hold; TEST_DONE prints "N passed, N failed". */
#ifndef STS_TESTS_TEST_H
#define STS_TESTS_TEST_H

#include "base/arena.h"
#include "base/str.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
	char name[512];
	bool open;
	bool bad;
	unsigned passed;
	unsigned failed;
} test;

static inline void test_close(void)
{
	if (!test.open)
		return;
	printf("%s %s\n", test.bad ? "FAIL" : "PASS", test.name);
	if (test.bad)
		test.failed++;
	else
		test.passed++;
	test.open = false;
}

static inline void STS_PRINTF(1, 2) test_case(const char *fmt, ...)
{
	va_list ap;

	test_close();
	va_start(ap, fmt);
	vsnprintf(test.name, sizeof test.name, fmt, ap);
	va_end(ap);
	test.open = true;
	test.bad = false;
}

static inline void STS_PRINTF(3, 4) test_expect(bool holds, const char *where, const char *fmt, ...)
{
	va_list ap;

	if (holds)
		return;
	test.bad = true;
	printf("  %s: %s: ", where, test.name);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

static inline bool test_str_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static inline void test_expect_int(intmax_t got, intmax_t want, const char *text, const char *where)
{
	test_expect(got == want, where, "%s is %jd, not %jd", text, got, want);
}

static inline int test_done(void)
{
	test_close();
	printf("%u passed, %u failed\n", test.passed, test.failed);
	return test.failed == 0 && test.passed > 0 ? 0 : 1;
}

#define TEST_TEXT2(x) #x
#define TEST_TEXT(x) TEST_TEXT2(x)
#define TEST_HERE __FILE__ ":" TEST_TEXT(__LINE__)

/** Begin a case; the one before ends. */
#define CASE(...) test_case(__VA_ARGS__)
#define EXPECT(condition) test_expect((condition), TEST_HERE, "%s", #condition)
#define EXPECT_INT(got, want) test_expect_int((intmax_t)(got), (intmax_t)(want), #got, TEST_HERE)
#define EXPECT_CSTR(got, want)                                                                                         \
	test_expect(test_str_same((got), (want)), TEST_HERE, "%s is \"%s\", not \"%s\"", #got,                         \
		(got) == NULL ? "(none)" : (got), (want) == NULL ? "(none)" : (want))
#define EXPECT_STR(got, want)                                                                                          \
	test_expect(sts_str_is((got), (want)), TEST_HERE, "%s is \"%.*s\", not \"%s\"", #got, STS_FMT(got), (want))
#define COUNT_OF(table) (sizeof(table) / sizeof *(table))

#endif
