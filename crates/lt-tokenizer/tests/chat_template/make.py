"""Writes `golden.json`: conversations as transformers writes them with templates of many styles.

    pip install torch transformers jinja2
    python make.py

The templates were written for this file, in the idioms of published ones. Each case has what goes
in, and either the text or the error that comes out of `apply_chat_template`.
"""

import datetime
import json
import re
from pathlib import Path
from unittest import mock

import jinja2
import tokenizers
import transformers
from transformers.utils import chat_template_utils

SPECIAL = {"bos_token": "<s>", "eos_token": "</s>"}
# The moment it is in all of them.
NOW = datetime.datetime(2026, 3, 7, 15, 4, 5)

TEMPLATES = {
    "chatml": """\
{% for message in messages %}
{% if loop.first and messages[0]['role'] != 'system' %}
{{ '<|im_start|>system\\nYou are helpful.<|im_end|>\\n' }}
{%- endif %}
{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}
{%- endfor %}
{% if add_generation_prompt %}
{{ '<|im_start|>assistant\\n' }}
{%- endif %}
""",
    "headers": """\
{{- bos_token }}
{%- if date_string is not defined %}
    {%- set date_string = strftime_now("%d %b %Y") %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none %}
    {{- "Environment: ipython\\n" }}
{%- endif %}
{{- "Today Date: " + date_string + "\\n\\n" }}
{%- if tools is not none %}
    {{- "You have these functions:\\n\\n" }}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
{%- endif %}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("This model only supports single tool-calls at once!") }}
        {%- endif %}
        {%- set tool_call = message.tool_calls[0].function %}
        {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}
        {{- '{"name": "' + tool_call.name + '", ' }}
        {{- '"parameters": ' }}
        {{- tool_call.arguments | tojson }}
        {{- "}" }}
        {{- "<|eot_id|>" }}
    {%- elif message.role == "tool" or message.role == "ipython" %}
        {{- "<|start_header_id|>ipython<|end_header_id|>\\n\\n" }}
        {%- if message.content is mapping or message.content is iterable %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
        {{- "<|eot_id|>" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
""",
    "turns": """\
{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}
        {%- set first_user_prefix = messages[0]['content'] + '\\n\\n' -%}
    {%- else -%}
        {%- set first_user_prefix = messages[0]['content'][0]['text'] + '\\n\\n' -%}
    {%- endif -%}
    {%- set loop_messages = messages[1:] -%}
{%- else -%}
    {%- set first_user_prefix = "" -%}
    {%- set loop_messages = messages -%}
{%- endif -%}
{%- for message in loop_messages -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("Conversation roles must alternate user/assistant/user/assistant/...") }}
    {%- endif -%}
    {%- if (message['role'] == 'assistant') -%}
        {%- set role = "model" -%}
    {%- else -%}
        {%- set role = message['role'] -%}
    {%- endif -%}
    {{ '<start_of_turn>' + role + '\\n' + (first_user_prefix if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}
            {%- if item['type'] == 'image' -%}
                {{ '<start_of_image>' }}
            {%- elif item['type'] == 'text' -%}
                {{ item['text'] | trim }}
            {%- endif -%}
        {%- endfor -%}
    {%- else -%}
        {{ raise_exception("Invalid content type") }}
    {%- endif -%}
    {{ '<end_of_turn>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{'<start_of_turn>model\\n'}}
{%- endif -%}
""",
    "inst": """\
{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}
{%- set ns = namespace(index=0) %}
{%- for message in loop_messages %}
    {%- if not (message.role == "tool" or (message.tool_calls is defined and message.tool_calls is not none)) %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("After the optional system message, roles must alternate: got " ~ message["role"]) }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if tools is not none and (message == user_messages[-1]) %}
            {{- "[AVAILABLE_TOOLS] [" }}
            {%- for tool in tools %}
                {%- set tool = tool.function %}
                {{- '{"type": "function", "function": {' }}
                {%- for key, val in tool.items() if key != "return" %}
                    {%- if val is string %}
                        {{- '"' + key + '": "' + val + '"' }}
                    {%- else %}
                        {{- '"' + key + '": ' + val|tojson }}
                    {%- endif %}
                    {%- if not loop.last %}
                        {{- ", " }}
                    {%- endif %}
                {%- endfor %}
                {{- "}}" }}
                {%- if not loop.last %}
                    {{- ", " }}
                {%- else %}
                    {{- "]" }}
                {%- endif %}
            {%- endfor %}
            {{- "[/AVAILABLE_TOOLS]" }}
        {%- endif %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif message.tool_calls is defined and message.tool_calls is not none %}
        {{- "[TOOL_CALLS] [" }}
        {%- for tool_call in message.tool_calls %}
            {%- set out = tool_call.function|tojson %}
            {{- out[:-1] }}
            {%- if not tool_call.id is defined or tool_call.id|length != 9 %}
                {{- raise_exception("Tool call IDs should be alphanumeric strings with length 9!") }}
            {%- endif %}
            {{- ', "id": "' + tool_call.id + '"}' }}
            {%- if not loop.last %}
                {{- ", " }}
            {%- else %}
                {{- "]" + eos_token }}
            {%- endif %}
        {%- endfor %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"]|trim + eos_token}}
    {%- elif message["role"] == "tool" %}
        {{- '[TOOL_RESULTS] {"content": ' + message.content|string + ", " }}
        {{- '"call_id": "' + message.tool_call_id + '"}[/TOOL_RESULTS]' }}
    {%- else %}
        {{- raise_exception("Only user and assistant roles are supported!") }}
    {%- endif %}
{%- endfor %}
""",
    "zephyr": """\
{% for message in messages %}
{% if message['role'] == 'user' %}
{{ '<|user|>\\n' + message['content'] + eos_token }}
{% elif message['role'] == 'system' %}
{{ '<|system|>\\n' + message['content'] + eos_token }}
{% elif message['role'] == 'assistant' %}
{% generation %}{{ '<|assistant|>\\n'  + message['content'] + eos_token }}{% endgeneration %}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}
""",
    "thinking": """\
{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0].role == 'system' %}
        {{- messages[0].content + '\\n\\n' }}
    {%- endif %}
    {{- "# Tools\\n\\n<tools>" }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools><|im_end|>\\n" }}
{%- else %}
    {%- if messages[0].role == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning_content = message.reasoning_content %}
        {%- else %}
            {%- if '</think>' in content %}
                {%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
                {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
            {%- endif %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index %}
            {%- if loop.last or (not loop.last and reasoning_content) %}
                {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
            {%- else %}
                {{- '<|im_start|>' + message.role + '\\n' + content }}
            {%- endif %}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {%- if message.tool_calls %}
            {%- for tool_call in message.tool_calls %}
                {%- if (loop.first and content) or (not loop.first) %}
                    {{- '\\n' }}
                {%- endif %}
                {%- if tool_call.function %}
                    {%- set tool_call = tool_call.function %}
                {%- endif %}
                {{- '<tool_call>\\n{"name": "' }}
                {{- tool_call.name }}
                {{- '", "arguments": ' }}
                {%- if tool_call.arguments is string %}
                    {{- tool_call.arguments }}
                {%- else %}
                    {{- tool_call.arguments | tojson }}
                {%- endif %}
                {{- '}\\n</tool_call>' }}
            {%- endfor %}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if loop.first or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<|im_start|>user' }}
        {%- endif %}
        {{- '\\n<tool_response>\\n' }}
        {{- content }}
        {{- '\\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}
            {{- '<|im_end|>\\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}""",
    "sys-in-inst": """\
{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}""",
    "alpaca": """\
{%- for m in messages -%}
  {%- if m.role == 'system' -%}
{{ m.content.strip() }}

{% elif m.role == 'user' -%}
### Instruction:
{{ m.content.strip() }}

{% else -%}
### Response:
{{ m.content.strip() }}

{% endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
### Response:
{% endif -%}""",
    "documents": """\
{%- macro document(doc, number=1) -%}
<doc id="{{ number }}"{% if doc.title %} title="{{ doc['title'] }}"{% endif %}>
{{ doc.text | default('(empty)', true) }}
</doc>
{%- endmacro -%}
{%- if documents -%}
{%- for doc in documents -%}
{{ document(doc, number=loop.index) }}
{{ "\\n" -}}
{%- endfor -%}
{%- endif -%}
{%- for message in messages if message.role != 'system' -%}
{%- if message.role == 'stop' -%}{%- break -%}{%- endif -%}
{%- if not message.content -%}{%- continue -%}{%- endif -%}
{{ loop.index }}/{{ loop.length }} {{ message.role | upper }}: {{ message.content | replace("\\n", " ") | title if message.role == 'user' else message.content }}
{{ "\\n" -}}
{%- endfor -%}""",
    "python": """\
{{ messages[0].flags }} {{ messages[0].number }} {{ messages[0].big }} {{ messages[0].small }} {{ messages[0].quote }}
{{ messages[0].list }} {{ none }} {{ true }} {{ not true }} {{ 1.0 }} {{ 7 // 2 }} {{ 7 / 2 }} {{ 2 ** 5 }} {{ undefined_thing }}|
{{ messages[0] | tojson }}
{{ messages[0].list | tojson(indent=2) }} {{ [] | tojson(indent=2) }} {{ {} | tojson }}
{{ messages[0].flags | tojson(ensure_ascii=True, separators=(',', ':'), sort_keys=True) }}
{{ "<a href='x'>&</a>" }} {{ "<a href='x'>&</a>" | tojson }}
{{ messages[0].content | length }} {{ messages[0].content[::-1] }} {{ messages[0].content[1:-1] }} {{ messages[0].content[-1] }}
{{ 'a,b,,c'.split(',') }} {{ ' x y '.split() }} {{ 'aXbXc'.replace('X', '-') }} {{ 'abc'.upper() }} {{ 'Hello'.lower() }} {{ 'a-b'.find('-') }}
{{ 'xxabxx'.strip('x') }} {{ 'hello world'.title() }} {{ '-'.join(['a', 'b']) }} {{ ['a', 'b'] | join(', ') }} {{ 'ab' in 'cabd' }}
{{ messages[0].keys() | list }} {{ messages[0].get('nothing', 'else') }} {{ messages[0].get('number') }}
{% for key, value in messages[0].flags.items() %}{{ key }}={{ value }};{% endfor %}

{% for key, value in messages[0].flags | dictsort %}{{ key }}={{ value }};{% endfor %}

{{ messages | map(attribute='role') | list }} {{ messages | selectattr('role', 'equalto', 'user') | list | length }}
{{ 'text' is string }} {{ 'text' is iterable }} {{ 'text' is sequence }} {{ {} is mapping }} {{ {} is sequence }} {{ 1 is number }} {{ 1.5 is float }} {{ none is none }}
{{ messages[0].content is defined }} {{ messages[0].nothing is defined }} {{ 3 is odd }} {{ 4 is divisibleby 2 }} {{ 'a' ~ 1 ~ 'b' }}
{{ range(3) | list }} {{ [3, 1, 2] | sort }} {{ [1, 2, 3] | first }} {{ [1, 2, 3] | last }} {{ [1, 2, 3] | sum }} {{ [1, 2] + [3] }} {{ 'ab' * 2 }}
{% set ns = namespace(count=0, found=false) %}{% for m in messages %}{% set ns.count = ns.count + 1 %}{% endfor %}{{ ns.count }} {{ ns.found }}
{{ 'yes' if messages else 'no' }} {{ messages[0].nothing or 'other' }} {{ (1, 2) }} {{ 'é' | tojson }} {{ 'a\\tb' }} {{ "x" | indent(2) }} {{ 5 | string + 'a' }} {{ '12' | int + 1 }}
{%- if messages[0].content is not string and messages[0].content is not mapping %}never{% endif %}
 {# a comment #} {{ strftime_now("%Y-%m-%d %H:%M:%S %A %a %B %b %d %j %I %p %y %%") }}
""",
    "whitespace": """\
  {% if true %}
    indented {{ messages[0].content }}
  {% endif %}
\t{%- if true +%}

  kept{% endif %}

  {%+ if true %} plus {% endif %}
{# gone #}
{% set x = 'block' %}
{% set y %}
captured {{ x }}
{% endset %}
[{{ y }}]
{% raw %}{{ raw }}{% endraw %}
{% for m in messages %}
{{ m.role -}}
{% else %}
none
{% endfor %}

last
""",
}
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "The weather <today> in a \"city\"",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}, "as of": {"type": "number", "default": 1.0}},
                "required": ["city"],
            },
        },
    },
    {"type": "function", "function": {"name": "noop", "parameters": {}, "return": {"type": "null"}}},
]
USER = [{"role": "user", "content": " Hello, what is 1 + 1? "}]
SYSTEM = [{"role": "system", "content": "Answer with 'yes' or \"no\".\n"}]
TURNS = USER + [{"role": "assistant", "content": "\n2\n"}, {"role": "user", "content": "And 2 + 2?\nThink."}]
CHINESE = [
    {"role": "system", "content": "你是一个有用的助手。"},
    {"role": "user", "content": "北京的天气怎么样？🌦️"},
    {"role": "assistant", "content": "晴，25°C。"},
    {"role": "user", "content": "谢谢"},
]
CALLS = [
    {"role": "user", "content": "Weather in 北京?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "abcdefghi", "type": "function",
             "function": {"name": "weather", "arguments": {"city": "北京", "as of": 1e-07, "b": [True, None]}}}
        ],
    },
    {"role": "tool", "name": "weather", "tool_call_id": "abcdefghi", "content": "{\"sky\": \"clear\"}"},
    {"role": "assistant", "content": "Clear."},
    {"role": "user", "content": "Thanks"},
]
THOUGHTS = [
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "<think>\nlong\nthought\n</think>\n\nHello"},
    {"role": "user", "content": "2 + 2?"},
    {"role": "assistant", "reasoning": "Four.", "content": "4"},
]
PARTS = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": " What is it? "}]}]
WILD = [
    {
        "role": "user",
        "content": "añb爱👍",
        "flags": {"zeta": True, "alpha": None, "no": False},
        "number": 3,
        "big": 1e16,
        "small": 0.00001,
        "quote": ["it's", 'say "x"', "both ' and \"", "new\nline\\"],
        "list": [1, 2.5, "x", [], {}, {"k": [1]}],
    },
    {"role": "assistant", "content": "b", "flags": {}},
]
TALK = [
    {"role": "system", "content": "x"},
    {"role": "user", "content": "a b\nc"},
    {"role": "assistant", "content": ""},
    {"role": "user", "content": "d"},
    {"role": "stop", "content": "e"},
    {"role": "user", "content": "f"},
]
DOCUMENTS = [{"title": "Zu <Hause>", "text": "Eins"}, {"text": ""}]
PROMPT = {"add_generation_prompt": True}

CASES = [
    (name, messages, options)
    for name in ("chatml", "headers", "turns", "inst", "zephyr", "thinking", "sys-in-inst", "alpaca")
    for messages, options in [
        (USER, {}),
        (USER, PROMPT),
        (SYSTEM + TURNS, PROMPT),
        (CHINESE, {}),
        (USER + USER, {}),
    ]
] + [
    ("headers", USER, PROMPT | {"tools": TOOLS}),
    ("headers", CALLS, PROMPT | {"tools": TOOLS}),
    ("headers", USER, {"date_string": "26 Jul 2024"}),
    ("headers", [CALLS[0], {"role": "assistant", "tool_calls": []}], {}),
    ("inst", CALLS, {"tools": TOOLS}),
    ("inst", SYSTEM + CALLS, {}),
    ("inst", [{"role": "robot", "content": "x"}], {}),
    ("turns", PARTS, PROMPT),
    ("thinking", SYSTEM + CALLS, PROMPT | {"tools": TOOLS}),
    ("thinking", CALLS[:3], PROMPT | {"tools": TOOLS, "enable_thinking": False}),
    ("thinking", THOUGHTS, PROMPT),
    ("thinking", THOUGHTS[:2], {}),
    ("documents", TALK, {"documents": DOCUMENTS}),
    ("documents", TALK, {}),
    ("python", WILD, {}),
    ("whitespace", WILD, {}),
    ("chatml", [{"role": "user"}], {}),
]


class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return NOW


def tokenizer():
    inner = tokenizers.Tokenizer(tokenizers.models.WordLevel({"<s>": 0, "</s>": 1}, unk_token="<s>"))
    return transformers.PreTrainedTokenizerFast(tokenizer_object=inner, **SPECIAL)


def rendered(template: str, messages: list, options: dict) -> dict:
    try:
        text = tokenizer().apply_chat_template(messages, chat_template=template, tokenize=False, **options)
    except jinja2.exceptions.UndefinedError:
        return {"fails": True}
    except jinja2.exceptions.TemplateError as error:
        return {"refused": str(error)}
    return {"text": text}


def main() -> None:
    with mock.patch.object(chat_template_utils, "datetime", Clock):
        cases = [
            {"template": name, "messages": json.dumps(messages, ensure_ascii=False), "options": options}
            | rendered(TEMPLATES[name], messages, options)
            for name, messages, options in CASES
        ]
    for case in cases:
        # As text, because keys keep their order.
        for key in ("tools", "documents"):
            if key in case["options"]:
                case["options"] = case["options"] | {key: json.dumps(case["options"][key], ensure_ascii=False)}
    golden = {
        "transformers": transformers.__version__,
        "jinja2": jinja2.__version__,
        "now": int(NOW.replace(tzinfo=datetime.timezone.utc).timestamp()),
        "special_tokens": SPECIAL,
        "templates": TEMPLATES,
        "cases": cases,
    }
    text = json.dumps(golden, indent=1, ensure_ascii=False) + "\n"
    assert not re.search(r"object at 0x", text)
    Path(__file__).with_name("golden.json").write_text(text)


if __name__ == "__main__":
    main()
