/* The page for people. So far a form that leads to the JSON; the pages proper take this file's place. */
#include "serve/routes.h"

static const char index_page[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"en\">\n"
	"<head>\n"
	"<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	"<title>mtasts: check MTA-STS</title>\n"
	"</head>\n"
	"<body>\n"
	"<main>\n"
	"<h1>Check MTA-STS</h1>\n"
	"<form action=\"/v1/security/mta-sts\" method=\"get\">\n"
	"<p><label for=\"domain\">Domain</label>\n"
	"<input id=\"domain\" name=\"domain\" type=\"text\" required maxlength=\"300\" inputmode=\"url\" "
	"autocapitalize=\"none\" "
	"spellcheck=\"false\">\n"
	"<button type=\"submit\">Check</button></p>\n"
	"</form>\n"
	"<p>The answer is JSON; <a href=\"/openapi.json\">/openapi.json</a> describes it.</p>\n"
	"</main>\n"
	"</body>\n"
	"</html>\n";

void page_index(struct call *call)
{
	call->is_page = true;
	call_send(call, 200, "text/html; charset=utf-8", STS_STR(index_page));
}
