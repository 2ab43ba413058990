"""OpenAI-style messages -> the official prompt text of DeepSeek V4, with DSML tool calls."""
import json

from tokenizer import ASSISTANT, BOS, DSML, END_THINK, EOS, THINK, USER

MAX_EFFORT = (
    "Reasoning Effort: Absolute maximum with no shortcuts permitted.\n"
    "You MUST be very thorough in your thinking and comprehensively decompose the problem to resolve the root cause, "
    "rigorously stress-testing your logic against all potential paths, edge cases, and adversarial scenarios.\n"
    "Explicitly write out your entire deliberation process, documenting every intermediate step, considered "
    "alternative, and rejected hypothesis to ensure absolutely no assumption is left unchecked.\n\n")

TOOLS = """## Tools

You have access to a set of tools to help answer the user's question. You can invoke tools by writing a "<｜DSML｜tool_calls>" block like the following:

<｜DSML｜tool_calls>
<｜DSML｜invoke name="$TOOL_NAME">
<｜DSML｜parameter name="$PARAMETER_NAME" string="true|false">$PARAMETER_VALUE</｜DSML｜parameter>
...
</｜DSML｜invoke>
<｜DSML｜invoke name="$TOOL_NAME2">
...
</｜DSML｜invoke>
</｜DSML｜tool_calls>

String parameters should be specified as is and set `string="true"`. For all other types (numbers, booleans, arrays, objects), pass the value in JSON format and set `string="false"`.

If thinking_mode is enabled (triggered by <think>), you MUST output your complete reasoning inside <think>...</think> BEFORE any tool calls or final response.

Otherwise, output directly after </think> with tool calls or final response.

### Available Tool Schemas

{tool_schemas}

You MUST strictly follow the above defined tool name and parameter schemas to invoke tool calls.
"""


def to_json(value):
    return json.dumps(value, ensure_ascii=False)


def tools_section(functions):
    return TOOLS.replace("{tool_schemas}", "\n".join(to_json(f) for f in functions))


def _parameter(name, value):
    text = isinstance(value, str)
    return (f'<{DSML}parameter name="{name}" string="{"true" if text else "false"}">'
            f'{value if text else to_json(value)}</{DSML}parameter>')


def _arguments(text):
    """A call's arguments string as a dict; what is not a JSON object becomes one parameter named `arguments`."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {"arguments": text}


def tool_calls(calls):
    invokes = []
    for call in calls:
        f = call["function"]
        lines = "\n".join(_parameter(k, v) for k, v in _arguments(f["arguments"]).items())
        invokes.append(f'<{DSML}invoke name="{f["name"]}">\n{lines}\n</{DSML}invoke>')
    return f"\n\n<{DSML}tool_calls>\n" + "\n".join(invokes) + f"\n</{DSML}tool_calls>"


def _content(message):
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "\n\n".join(p["text"] if p["type"] == "text" else f"[Unsupported {p['type']}]" for p in content)


def _user_block(messages, last_assistant):
    """Consecutive tool and user messages as one block; tool results in the order of the calls, in their own slots."""
    order = {c.get("id"): i for i, c in enumerate((last_assistant or {}).get("tool_calls") or [])}
    results = iter(sorted((m for m in messages if m["role"] == "tool"), key=lambda m: order.get(m.get("tool_call_id"), 0)))
    parts = [f"<tool_result>{_content(next(results))}</tool_result>" if m["role"] == "tool" else _content(m) for m in messages]
    return USER + "\n\n".join(parts)


def render(messages, tools=None, thinking="off"):
    """thinking: off, on or max. The result ends with the generation prompt unless the last message is the assistant's."""
    thinks = thinking != "off"
    out = BOS + (MAX_EFFORT if thinking == "max" else "")
    if tools and not any(m["role"] == "system" for m in messages):
        messages = [{"role": "system", "content": ""}] + messages
    last_user = max((i for i, m in enumerate(messages) if m["role"] in ("user", "tool")), default=-1)
    tools_pending, assistant, i = tools, None, 0
    while i < len(messages):
        m = messages[i]
        if m["role"] == "system":
            out += _content(m)
            if tools_pending:
                out, tools_pending = out + "\n\n" + tools_section(tools), None
            i += 1
        elif m["role"] == "assistant":
            out += _assistant(m, thinks and (bool(tools) or i > last_user)) + EOS
            assistant, i = m, i + 1
        else:
            end = i
            while end < len(messages) and messages[end]["role"] in ("user", "tool"):
                end += 1
            out += _user_block(messages[i:end], assistant)
            if end == len(messages) or messages[end]["role"] == "assistant":
                keeps = thinks and (bool(tools) or end > last_user)
                out += ASSISTANT + (THINK if keeps else END_THINK)
            i = end
    return out


def _assistant(m, with_reasoning):
    reasoning = (m.get("reasoning_content") or "") + END_THINK if with_reasoning else ""
    calls = m.get("tool_calls")
    return reasoning + _content(m) + (tool_calls(calls) if calls else "")
