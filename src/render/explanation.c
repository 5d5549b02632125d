/* What a finding means, for programs. */
#include "render/explanation.h"

void sts_json_explanation(struct sts_jsonw *w, const char *key, const struct sts_explanation *e)
{
	sts_jw_object(w, key);
	sts_jw_cstr(w, "code", e->code);
	sts_jw_cstr(w, "severity", e->severity);
	sts_jw_cstr(w, "source", e->source);
	sts_jw_cstr(w, "title", e->title);
	sts_jw_cstr(w, "what", e->what);
	sts_jw_cstr(w, "why", e->why);
	sts_jw_cstr(w, "fix", e->fix);
	sts_jw_end_object(w);
}

void sts_json_explanations(struct sts_jsonw *w, const char *key)
{
	struct sts_explanation e;

	sts_jw_array(w, key);
	for (size_t i = 0; sts_explain_at(i, &e) == STS_OK; i++)
		sts_json_explanation(w, NULL, &e);
	sts_jw_end_array(w);
}
