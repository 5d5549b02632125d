/* libpq, loaded when a PostgreSQL URL asks for it: it brings Kerberos and LDAP along, which nobody else should have to
 * load. */
#ifndef STS_STORE_PQ_H
#define STS_STORE_PQ_H

#include "mtasts/base.h"

#include <libpq-fe.h>

/** The functions in use, by the names libpq gives them. */
#define STS_PQ_FUNCTIONS(F)                                                                                            \
	F(PQconnectdb)                                                                                                 \
	F(PQstatus)                                                                                                    \
	F(PQreset)                                                                                                     \
	F(PQfinish)                                                                                                    \
	F(PQerrorMessage)                                                                                              \
	F(PQexec)                                                                                                      \
	F(PQprepare)                                                                                                   \
	F(PQexecPrepared)                                                                                              \
	F(PQsendQueryPrepared)                                                                                         \
	F(PQsetSingleRowMode)                                                                                          \
	F(PQgetResult)                                                                                                 \
	F(PQputCopyData)                                                                                               \
	F(PQputCopyEnd)                                                                                                \
	F(PQresultStatus)                                                                                              \
	F(PQresultErrorMessage)                                                                                        \
	F(PQresultErrorField)                                                                                          \
	F(PQntuples)                                                                                                   \
	F(PQnfields)                                                                                                   \
	F(PQftype)                                                                                                     \
	F(PQgetisnull)                                                                                                 \
	F(PQgetvalue)                                                                                                  \
	F(PQgetlength)                                                                                                 \
	F(PQunescapeBytea)                                                                                             \
	F(PQfreemem)                                                                                                   \
	F(PQsetNoticeProcessor)                                                                                        \
	F(PQclear)

struct sts_pq {
#define STS_PQ_MEMBER(name) __typeof__(&name) name;
	STS_PQ_FUNCTIONS(STS_PQ_MEMBER)
#undef STS_PQ_MEMBER
};

/** The library, loaded once a process; NULL with *why when it is not installed. */
const struct sts_pq *sts_pq(const char **why);

#endif
