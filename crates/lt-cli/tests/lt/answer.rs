//! `lt answer`.

use std::fs;

use serde_json::{Value, json};

use crate::models::with_vocabulary;
use crate::run::{arg, lt, lt_reading};

const CONTEXT: &str = "w9 w10 北京 w11 w12 w13 w14 w15 w16 w17 w18 w19 w20";

fn check(line: &Value, question: &str, context: &str) {
    assert_eq!(line["question"], question);
    let characters: Vec<char> = context.chars().collect();
    for answer in line["answers"].as_array().unwrap() {
        let at = |name: &str| answer[name].as_u64().unwrap() as usize;
        let piece: String = characters[at("start")..at("end")].iter().collect();
        assert_eq!(answer["text"], piece);
        assert!((0.0..=1.0).contains(&answer["score"].as_f64().unwrap()));
        assert_eq!(answer.as_object().unwrap().len(), 4);
    }
}

#[test]
fn a_question_of_many_texts_many_of_one_file_and_lines_of_json_have_the_same_answers() {
    let dir = with_vocabulary("questions");
    let file = dir.path().join("context.txt");
    fs::write(&file, CONTEXT).unwrap();
    let base = ["answer", "--model", arg(dir.path()), "--format", "json", "--top", "3"];
    let with = |more: &[&'static str]| [&base[..], more].concat();
    let in_file: Vec<&str> = [&base[..], &["--context", arg(&file)]].concat();

    let asked = lt(&with(&["--question", "w7", CONTEXT, "w20 w21"])).json();
    assert_eq!(asked.len(), 2);
    check(&asked[0], "w7", CONTEXT);
    check(&asked[1], "w7", "w20 w21");
    assert_eq!(asked[0]["answers"].as_array().unwrap().len(), 3);

    let looked = lt(&[&in_file[..], &["w7", "w8"]].concat()).json();
    assert_eq!(looked[0], asked[0]);
    check(&looked[1], "w8", CONTEXT);

    let lines = [
        json!({"question": "w7", "context": CONTEXT}),
        json!({"context": "w20 w21", "question": "w7"}),
    ];
    let input = lines.map(|line| line.to_string()).join("\n");
    assert_eq!(lt_reading(input.as_bytes(), &with(&[])).json(), asked);

    let input = format!("{CONTEXT}\nw20 w21\n");
    let piped = lt_reading(input.as_bytes(), &with(&["--question", "w7"])).json();
    assert_eq!(piped, asked);
    assert_eq!(lt_reading(b"w7\nw8\n", &in_file).json(), looked);
}

#[test]
fn options_say_how_many_how_long_and_whether_there_may_be_none() {
    let dir = with_vocabulary("questions");
    let base = ["answer", "--model", arg(dir.path()), "--format", "json", "--question", "w7"];
    let answers = |more: &[&str]| {
        let line = lt(&[&base[..], more, &[CONTEXT]].concat()).json().remove(0);
        check(&line, "w7", CONTEXT);
        line["answers"].as_array().unwrap().clone()
    };
    assert_eq!(answers(&[]).len(), 1);
    let single = answers(&["--top", "99", "--max-answer-tokens", "1"]);
    assert_eq!(single.len(), 14, "one for each word");
    let or_none = answers(&["--top", "99", "--max-answer-tokens", "1", "--allow-no-answer"]);
    assert_eq!(or_none.len(), 15);
    assert_eq!(or_none.iter().filter(|answer| answer["text"] == "").count(), 1);
    assert_ne!(answers(&["--max-length", "8", "--overlap", "2"]), answers(&[]));
}

#[test]
fn text_for_people_shows_the_answer_where_it_stands() {
    let dir = with_vocabulary("questions");
    let base = ["answer", "--model", arg(dir.path()), "--question", "w7"];
    let out = lt(&[&base[..], &[&CONTEXT.repeat(9)]].concat()).ok();
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!((lines.len(), lines[0]), (4, "w7"), "{out}");
    let answer = lines[1].split("  ").nth(1).unwrap().trim_end();
    assert!(lines[2].contains(answer) && lines[2].contains('…'), "{out}");
    let nothing = lt(&[&base[..], &[""]].concat()).ok();
    assert!(nothing.contains("no words"), "{nothing}");
    let none = lt(&[&base[..], &["--allow-no-answer", ""]].concat()).ok();
    assert!(none.contains("(no answer in the text)"), "{none}");
}

#[test]
fn a_text_without_a_question_is_a_command_line_that_makes_no_sense() {
    for args in
        [&["answer", "--model", "x", "text"][..], &["answer", "--question", "a", "--context", "b"]]
    {
        let outcome = lt(args);
        assert_eq!(outcome.code, Some(2), "{}", outcome.err);
        assert!(outcome.err.contains("--context"), "{}", outcome.err);
    }
}

#[test]
fn what_cannot_be_answered_is_named_and_what_came_before_it_is_printed() {
    let dir = with_vocabulary("questions");
    let base = ["answer", "--model", arg(dir.path()), "--format", "json"];
    let good = json!({"question": "w7", "context": "w9"}).to_string();
    for (bad, reason) in [
        ("w7".to_owned(), "\"context\""),
        (json!({"question": "w7"}).to_string(), "missing field `context`"),
        (json!({"question": "w7", "context": "w9", "n": 1}).to_string(), "unknown field `n`"),
        (
            json!({"question": "w7 ".repeat(20), "context": "w9"}).to_string(),
            "shorten the question",
        ),
    ] {
        let outcome = lt_reading(format!("{good}\n{bad}\n{good}\n").as_bytes(), &base);
        assert_eq!(outcome.out.lines().count(), 1, "{bad}");
        let error = outcome.error();
        assert!(error.contains("text 2") && error.contains(reason), "{error}");
    }
    let error = lt(&[&base[..], &["--context", "/nowhere/at.all", "w7"]].concat()).error();
    assert!(error.contains("/nowhere/at.all"), "{error}");
}

#[test]
fn a_model_with_another_head_is_told_which_command_it_is_for() {
    let dir = with_vocabulary("tokens-7-labels-f16");
    let error = lt(&["answer", "--model", arg(dir.path()), "--question", "w7", "w8"]).error();
    assert!(error.contains("`lt tag`") && error.contains("ForQuestionAnswering"), "{error}");
}
