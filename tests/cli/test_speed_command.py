import torch
from typer.testing import CliRunner

from labkit import load_model
from labkit.cli.app import app


def test_a_checkpoint_in_half_precision_is_converted_and_that_is_said(tmp_path):
    model, tokenizer, _ = load_model("gpt2")
    model.to(torch.bfloat16).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    arguments = ["speed", "own", "--source", str(tmp_path), "--batch-size", "1", "--length", "8"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "own is stored in bfloat16 and was converted to float32" in result.output
    assert "times as fast" in result.output
