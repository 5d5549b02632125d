#include "render/plan.h"

#include "base/clock.h"
#include "render/paper.h"

#include <stdio.h>

/* ---- words ------------------------------------------------------------------------------------------------------ */

/* "2026-01-31 12:00 UTC", rounded up: what is waited for must not come too early. */
static void moment(char out[static 24], int64_t at)
{
	char text[21];

	sts_format_time((at + 59) / 60 * 60, text);
	snprintf(out, 24, "%.10s %.5s UTC", text, text + 11);
}

static const char *outcome_words(enum sts_decision d)
{
	static const char *const words[] = {
		[STS_DECIDE_UNKNOWN] = "cannot be told",
		[STS_DELIVER_VERIFIED] = "deliver, verified",
		[STS_DELIVER_UNVERIFIED] = "deliver, unverified",
		[STS_DELIVER_DANE] = "deliver by DANE",
		[STS_REFUSE] = "refuse",
		[STS_UNREACHABLE] = "reach no host",
	};

	return words[d];
}

static enum sts_style outcome_style(enum sts_decision d)
{
	return d == STS_REFUSE ? STS_RED : d == STS_DELIVER_VERIFIED || d == STS_DELIVER_DANE ? STS_GREEN : STS_PLAIN;
}

static enum sts_style verdict_style(enum sts_plan_verdict v)
{
	return v == STS_PLAN_UNSAFE ? STS_RED : v == STS_PLAN_UNKNOWN ? STS_YELLOW : STS_GREEN;
}

/* ---- states ------------------------------------------------------------------------------------------------------ */

static size_t hosts_in(const struct sts_plan *plan, enum sts_plan_phase phase)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->host_count; i++)
		n += phase == STS_PLAN_BEFORE ? plan->hosts[i].before : plan->hosts[i].after;
	return n;
}

static size_t refused_in(const struct sts_plan *plan, const struct sts_plan_state *s, enum sts_plan_phase phase)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->host_count; i++)
		n += (phase == STS_PLAN_BEFORE ? plan->hosts[i].before : plan->hosts[i].after) &&
		     s->decisions[phase][i] == STS_REFUSE;
	return n;
}

static void put_phase(
	struct sts_paper *p, const struct sts_plan *plan, const struct sts_plan_state *s, enum sts_plan_phase phase)
{
	static const char *const titles[] = {"now", "if all is changed at once", "afterwards"};
	size_t refused = refused_in(plan, s, phase);

	if (!s->exists[phase])
		return;
	sts_paper_begin(p, 4, 32);
	sts_paper_put(p, STS_DIM, titles[phase]);
	sts_paper_tab(p, 32);
	sts_paper_put(p, outcome_style(s->outcome[phase]), outcome_words(s->outcome[phase]));
	if (refused > 0)
		sts_paper_printf(p, STS_PLAIN, " (%zu of %zu hosts refused)", refused, hosts_in(plan, phase));
	sts_paper_end(p);
}

static void put_states(struct sts_paper *p, const struct sts_plan *plan)
{
	char when[24];

	sts_paper_begin(p, 0, 0);
	sts_paper_put(p, STS_BOLD, "What senders do");
	sts_paper_end(p);
	for (size_t i = 0; i < plan->state_count; i++) {
		const struct sts_plan_state *s = &plan->states[i];

		sts_paper_begin(p, 2, 4);
		sts_paper_put(p, STS_PLAIN, s->who);
		if (s->gone_at > 0) {
			moment(when, s->gone_at);
			sts_paper_printf(p, STS_DIM, " (until %s at the latest)", when);
		}
		sts_paper_end(p);
		for (int phase = 0; phase < STS_PLAN_PHASES; phase++)
			put_phase(p, plan, s, (enum sts_plan_phase)phase);
	}
	sts_paper_gap(p);
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

static void put_step(struct sts_paper *p, const struct sts_plan *plan, size_t number, const struct sts_plan_step *s)
{
	char when[24];

	moment(when, s->not_before);
	sts_paper_begin(p, 2, 5);
	sts_paper_printf(p, STS_PLAIN, "%zu. ", number);
	if (s->not_before <= plan->at)
		sts_paper_put(p, STS_BOLD, "now: ");
	else
		sts_paper_printf(p, STS_BOLD, "%s %s: ", s->action == STS_DO_WAIT ? "until" : "from", when);
	sts_paper_put(p, STS_PLAIN, s->text);
	sts_paper_end(p);
	if (s->why != NULL) {
		sts_paper_begin(p, 5, 5);
		sts_paper_put(p, STS_DIM, s->why);
		sts_paper_end(p);
	}
	if (s->snippet != NULL)
		sts_paper_lines(p, 8, STS_CYAN, s->snippet);
}

static void put_list(struct sts_paper *p, const char *title, const char *const *texts, size_t count)
{
	if (count == 0)
		return;
	sts_paper_begin(p, 0, 0);
	sts_paper_put(p, STS_BOLD, title);
	sts_paper_end(p);
	for (size_t i = 0; i < count; i++) {
		sts_paper_begin(p, 2, 4);
		sts_paper_put(p, STS_PLAIN, "- ");
		sts_paper_put(p, STS_PLAIN, texts[i]);
		sts_paper_end(p);
	}
	sts_paper_gap(p);
}

void sts_plan_text(struct sts_buf *out, const struct sts_plan *plan, const struct sts_render_options *options)
{
	struct sts_paper p = sts_paper(out, options);
	char when[24];

	sts_paper_begin(&p, 0, 2);
	sts_paper_put(&p, STS_BOLD, plan->domain);
	sts_paper_put(&p, STS_PLAIN, ": ");
	sts_paper_put(&p, verdict_style(plan->verdict), plan->summary);
	sts_paper_end(&p);
	sts_paper_gap(&p);
	put_list(&p, "Mind", plan->warnings, plan->warning_count);
	put_states(&p, plan);
	if (plan->step_count == 0)
		return;
	moment(when, plan->at);
	sts_paper_begin(&p, 0, 2);
	sts_paper_put(&p, STS_BOLD, "Steps");
	sts_paper_printf(&p, STS_DIM, ", dates as if the first is taken now (%s)", when);
	sts_paper_end(&p);
	for (size_t i = 0; i < plan->step_count; i++)
		put_step(&p, plan, i + 1, &plan->steps[i]);
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

static void write_time_or_null(struct sts_jsonw *w, const char *key, int64_t at)
{
	if (at > 0)
		sts_jw_time(w, key, at);
	else
		sts_jw_null(w, key);
}

static void write_hosts(struct sts_jsonw *w, const struct sts_plan *plan)
{
	sts_jw_array(w, "mx");
	for (size_t i = 0; i < plan->host_count; i++) {
		const struct sts_plan_host *h = &plan->hosts[i];

		sts_jw_object(w, NULL);
		sts_jw_cstr(w, "host", h->name);
		sts_jw_bool(w, "before", h->before);
		sts_jw_bool(w, "after", h->after);
		sts_jw_bool(w, "covered", h->covered);
		sts_jw_bool(w, "tested", h->seen != NULL);
		sts_jw_end_object(w);
	}
	sts_jw_end_array(w);
}

static void write_phase(
	struct sts_jsonw *w, const struct sts_plan *plan, const struct sts_plan_state *s, enum sts_plan_phase phase)
{
	const char *key = sts_plan_phase_name(phase);

	if (!s->exists[phase]) {
		sts_jw_null(w, key);
		return;
	}
	sts_jw_object(w, key);
	sts_jw_cstr(w, "outcome", sts_decision_name(s->outcome[phase]));
	sts_jw_array(w, "mx");
	for (size_t i = 0; i < plan->host_count; i++) {
		if (phase == STS_PLAN_BEFORE ? !plan->hosts[i].before : !plan->hosts[i].after)
			continue;
		sts_jw_object(w, NULL);
		sts_jw_cstr(w, "host", plan->hosts[i].name);
		sts_jw_cstr(w, "decision", sts_decision_name(s->decisions[phase][i]));
		sts_jw_end_object(w);
	}
	sts_jw_end_array(w);
	sts_jw_end_object(w);
}

static void write_states(struct sts_jsonw *w, const struct sts_plan *plan)
{
	sts_jw_array(w, "states");
	for (size_t i = 0; i < plan->state_count; i++) {
		const struct sts_plan_state *s = &plan->states[i];

		sts_jw_object(w, NULL);
		sts_jw_cstr(w, "state", s->name);
		sts_jw_cstr(w, "who", s->who);
		write_time_or_null(w, "gone_at", s->gone_at);
		for (int phase = 0; phase < STS_PLAN_PHASES; phase++)
			write_phase(w, plan, s, (enum sts_plan_phase)phase);
		sts_jw_end_object(w);
	}
	sts_jw_end_array(w);
}

static void write_steps(struct sts_jsonw *w, const struct sts_plan *plan)
{
	sts_jw_array(w, "steps");
	for (size_t i = 0; i < plan->step_count; i++) {
		const struct sts_plan_step *s = &plan->steps[i];

		sts_jw_object(w, NULL);
		sts_jw_int(w, "step", (int64_t)i + 1);
		sts_jw_cstr(w, "action", sts_plan_action_name(s->action));
		sts_jw_time(w, "not_before", s->not_before);
		sts_jw_cstr(w, "text", s->text);
		sts_jw_cstr(w, "why", s->why);
		sts_jw_cstr(w, "snippet", s->snippet);
		sts_jw_end_object(w);
	}
	sts_jw_end_array(w);
}

void sts_plan_json(struct sts_jsonw *w, const char *key, const struct sts_plan *plan)
{
	sts_jw_object(w, key);
	sts_jw_cstr(w, "schema", "mtasts.plan/1");
	sts_jw_cstr(w, "domain", plan->domain);
	sts_jw_time(w, "planned_at", plan->at);
	sts_jw_cstr(w, "verdict", sts_plan_verdict_name(plan->verdict));
	sts_jw_cstr(w, "summary", plan->summary);
	write_time_or_null(w, "surely_gone_at", plan->surely_gone_at);
	write_hosts(w, plan);
	write_states(w, plan);
	write_steps(w, plan);
	sts_jw_array(w, "warnings");
	for (size_t i = 0; i < plan->warning_count; i++)
		sts_jw_cstr(w, NULL, plan->warnings[i]);
	sts_jw_end_array(w);
	sts_jw_end_object(w);
}
