// SPDX-License-Identifier: Apache-2.0
//
// `#embed` puts the files in as they are, in no time: the same bytes as a Swift array take the compiler half a
// minute.

#include "CConsole.h"

// #embed is C23; the compiler of Swift takes it in every mode and warns in older ones.
#pragma clang diagnostic ignored "-Wc23-extensions"

#define HTML "text/html; charset=utf-8"
#define SCRIPT "text/javascript; charset=utf-8"
#define STYLE "text/css; charset=utf-8"
#define IMAGE "image/svg+xml"

static const unsigned char index_html[] = {
#embed "page/index.html"
};
static const unsigned char api_js[] = {
#embed "page/api.js"
};
static const unsigned char chain_js[] = {
#embed "page/chain.js"
};
static const unsigned char change_connection_js[] = {
#embed "page/change-connection.js"
};
static const unsigned char change_instance_js[] = {
#embed "page/change-instance.js"
};
static const unsigned char change_js[] = {
#embed "page/change.js"
};
static const unsigned char chart_js[] = {
#embed "page/chart.js"
};
static const unsigned char dom_js[] = {
#embed "page/dom.js"
};
static const unsigned char errors_js[] = {
#embed "page/errors.js"
};
static const unsigned char format_js[] = {
#embed "page/format.js"
};
static const unsigned char icon_svg[] = {
#embed "page/icon.svg"
};
static const unsigned char language_js[] = {
#embed "page/language.js"
};
static const unsigned char layout_js[] = {
#embed "page/layout.js"
};
static const unsigned char main_js[] = {
#embed "page/main.js"
};
static const unsigned char messages_en_js[] = {
#embed "page/messages-en.js"
};
static const unsigned char messages_zh_js[] = {
#embed "page/messages-zh.js"
};
static const unsigned char picture_js[] = {
#embed "page/picture.js"
};
static const unsigned char plan_js[] = {
#embed "page/plan.js"
};
static const unsigned char poll_js[] = {
#embed "page/poll.js"
};
static const unsigned char rates_js[] = {
#embed "page/rates.js"
};
static const unsigned char resources_js[] = {
#embed "page/resources.js"
};
static const unsigned char route_js[] = {
#embed "page/route.js"
};
static const unsigned char sha256_js[] = {
#embed "page/sha256.js"
};
static const unsigned char shell_js[] = {
#embed "page/shell.js"
};
static const unsigned char sign_in_js[] = {
#embed "page/sign-in.js"
};
static const unsigned char signature_js[] = {
#embed "page/signature.js"
};
static const unsigned char status_js[] = {
#embed "page/status.js"
};
static const unsigned char style_css[] = {
#embed "page/style.css"
};
static const unsigned char table_js[] = {
#embed "page/table.js"
};
static const unsigned char verdict_js[] = {
#embed "page/verdict.js"
};
static const unsigned char view_connection_js[] = {
#embed "page/view-connection.js"
};
static const unsigned char view_connections_js[] = {
#embed "page/view-connections.js"
};
static const unsigned char view_events_js[] = {
#embed "page/view-events.js"
};
static const unsigned char view_hosts_js[] = {
#embed "page/view-hosts.js"
};
static const unsigned char view_nodes_js[] = {
#embed "page/view-nodes.js"
};
static const unsigned char view_overview_js[] = {
#embed "page/view-overview.js"
};
static const unsigned char view_switch_js[] = {
#embed "page/view-switch.js"
};
static const unsigned char view_switches_js[] = {
#embed "page/view-switches.js"
};
static const unsigned char views_js[] = {
#embed "page/views.js"
};

#define FILE(name, media_type, bytes) {name, media_type, bytes, sizeof(bytes)}

static const struct esw_console_file files[] = {
    FILE("index.html", HTML, index_html),
    FILE("api.js", SCRIPT, api_js),
    FILE("chain.js", SCRIPT, chain_js),
    FILE("change-connection.js", SCRIPT, change_connection_js),
    FILE("change-instance.js", SCRIPT, change_instance_js),
    FILE("change.js", SCRIPT, change_js),
    FILE("chart.js", SCRIPT, chart_js),
    FILE("dom.js", SCRIPT, dom_js),
    FILE("errors.js", SCRIPT, errors_js),
    FILE("format.js", SCRIPT, format_js),
    FILE("icon.svg", IMAGE, icon_svg),
    FILE("language.js", SCRIPT, language_js),
    FILE("layout.js", SCRIPT, layout_js),
    FILE("main.js", SCRIPT, main_js),
    FILE("messages-en.js", SCRIPT, messages_en_js),
    FILE("messages-zh.js", SCRIPT, messages_zh_js),
    FILE("picture.js", SCRIPT, picture_js),
    FILE("plan.js", SCRIPT, plan_js),
    FILE("poll.js", SCRIPT, poll_js),
    FILE("rates.js", SCRIPT, rates_js),
    FILE("resources.js", SCRIPT, resources_js),
    FILE("route.js", SCRIPT, route_js),
    FILE("sha256.js", SCRIPT, sha256_js),
    FILE("shell.js", SCRIPT, shell_js),
    FILE("sign-in.js", SCRIPT, sign_in_js),
    FILE("signature.js", SCRIPT, signature_js),
    FILE("status.js", SCRIPT, status_js),
    FILE("style.css", STYLE, style_css),
    FILE("table.js", SCRIPT, table_js),
    FILE("verdict.js", SCRIPT, verdict_js),
    FILE("view-connection.js", SCRIPT, view_connection_js),
    FILE("view-connections.js", SCRIPT, view_connections_js),
    FILE("view-events.js", SCRIPT, view_events_js),
    FILE("view-hosts.js", SCRIPT, view_hosts_js),
    FILE("view-nodes.js", SCRIPT, view_nodes_js),
    FILE("view-overview.js", SCRIPT, view_overview_js),
    FILE("view-switch.js", SCRIPT, view_switch_js),
    FILE("view-switches.js", SCRIPT, view_switches_js),
    FILE("views.js", SCRIPT, views_js),
};

const struct esw_console_file *esw_console_file(unsigned long number) {
  return number < sizeof(files) / sizeof(files[0]) ? &files[number] : 0;
}
