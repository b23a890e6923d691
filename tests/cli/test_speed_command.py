import re

import torch
from typer.testing import CliRunner

from labkit import load_model
from labkit.cli.app import app
from labkit.errors import InputError
from labkit.execution.processor import instruction_sets_text


def test_a_checkpoint_in_half_precision_is_converted_and_that_is_said(tmp_path):
    model, tokenizer, _ = load_model("gpt2")
    model.to(torch.bfloat16).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    arguments = ["speed", "own", "--source", str(tmp_path), "--batch-size", "1", "--length", "8"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "own is stored in bfloat16 and was converted to float32" in result.output
    assert "times as fast" in result.output


def test_the_dense_model_is_timed_in_the_dtype_that_is_asked_for():
    small = ["--source", "mini", "--batch-size", "1", "--length", "8"]
    result = CliRunner().invoke(
        app, ["speed", "gpt2", *small, "--dtype", "bfloat16", "--no-others"]
    )
    assert result.exit_code == 0, result.output
    text = " ".join(result.output.split())
    assert "timed dense in bfloat16, sparse in float32" in text
    assert "dense bfloat16" in text
    assert "dense int8" not in text
    result = CliRunner().invoke(app, ["speed", "gpt2", *small, "--dtype", "int8"])
    assert isinstance(result.exception, InputError)
    assert "choose float32, bfloat16 or float16" in str(result.exception)


def test_bf16_and_int8_stand_beside_ours_and_one_is_recommended():
    small = ["--source", "mini", "--batch-size", "1", "--length", "8"]
    result = CliRunner().invoke(app, ["speed", "roberta", *small, "--sparsity", "95%"])
    assert result.exit_code == 0, result.output
    ours = [f"sparse {precision}, 95% zeros" for precision in ("float32", "bfloat16")]
    for way in ("dense float32", "dense bfloat16", "dense int8", *ours):
        assert way in result.output
    assert re.search(r"(fastest|equally fast) here: ", result.output)
    assert instruction_sets_text() in " ".join(result.output.split())


def test_a_level_near_all_is_not_rounded_to_all():
    small = ["--source", "mini", "--batch-size", "1", "--length", "8", "--no-others", "--no-bf16"]
    result = CliRunner().invoke(app, ["speed", "gpt2", *small, "--sparsity", "99.9%"])
    assert result.exit_code == 0, result.output
    assert "sparse float32, 99.9% zeros" in result.output
