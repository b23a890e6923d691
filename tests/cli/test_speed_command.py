import torch
from typer.testing import CliRunner

import labkit
from labkit import load_model
from labkit.cli.app import app
from labkit.errors import InputError


def test_a_checkpoint_in_half_precision_is_converted_and_that_is_said(tmp_path):
    model, tokenizer, _ = load_model("gpt2")
    model.to(torch.bfloat16).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    arguments = ["speed", "own", "--source", str(tmp_path), "--batch-size", "1", "--length", "8"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "own is stored in bfloat16 and was converted to float32" in result.output
    assert "times as fast" in result.output


def test_the_dense_model_is_timed_in_the_dtype_that_is_asked_for(monkeypatch):
    dtypes = []
    measure = labkit.measure_runtime

    def noted(model, **arguments):
        dtypes.append(next(p for p in model.parameters()).dtype)
        return measure(model, **arguments)

    monkeypatch.setattr(labkit, "measure_runtime", noted)
    small = ["--source", "mini", "--batch-size", "1", "--length", "8"]
    result = CliRunner().invoke(app, ["speed", "gpt2", *small, "--dtype", "bfloat16"])
    assert result.exit_code == 0, result.output
    assert dtypes == [torch.bfloat16, torch.float32]
    assert "timed dense in bfloat16, sparse in float32" in " ".join(result.output.split())
    result = CliRunner().invoke(app, ["speed", "gpt2", *small, "--dtype", "int8"])
    assert isinstance(result.exception, InputError)
    assert "choose float32, bfloat16 or float16" in str(result.exception)
