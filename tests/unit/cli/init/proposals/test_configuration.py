"""`init` on credentials.yml, endpoints.yml and config.yml."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.init.init_on_project import MARK, Output, init, write


class TestCredentials:
    FACEBOOK = (
        "rest:\n\nfacebook: # the Page\n"
        f"    verify: '{MARK}-verify' # {MARK} too\n    secret: {MARK}-secret\n"
        f"    page-access-token: ${{TOKEN}}\n# {MARK} in a comment\nslack:\n    x: {MARK}\n"
    )

    def test_rasas_own_channel_becomes_ours_and_keeps_its_values(self, project: Path) -> None:
        write(project, "credentials.yml", self.FACEBOOK)
        init(project, "--yes")
        assert (project / "credentials.yml").read_text() == (
            "rest:\n\nrasa_handover.channels.MessengerInput: # the Page\n"
            f"    verify: '{MARK}-verify' # {MARK} too\n    secret: {MARK}-secret\n"
            "    page-access-token: ${TOKEN}\n    app-id: ${MESSENGER_APP_ID}\n    plans:\n"
            "        default:\n            target-app: page-inbox\n            timeout: 30m\n"
            "            keywords: [menu, back to bot]\n"
            f"# {MARK} in a comment\nslack:\n    x: {MARK}\n"
        )

    def test_no_secret_is_shown(self, project: Path, capsys: Output) -> None:
        write(project, "credentials.yml", self.FACEBOOK)
        write(project, "endpoints.yml", f"event_broker:\n  password: {MARK}\n")
        init(project, "--yes")
        shown = capsys.readouterr().out
        assert "+rasa_handover.channels.MessengerInput" in shown
        assert MARK not in shown

    @pytest.mark.parametrize("folder", ["channels", "rasa_handover.channels", "my.copy"])
    def test_a_section_of_ours_stays_as_it_is(self, project: Path, folder: str) -> None:
        text = f"{folder}.MessengerInput:\n  verify: x\n"
        write(project, "credentials.yml", text)
        init(project, "--yes")
        assert (project / "credentials.yml").read_text() == text

    def test_two_channels_at_one_address_are_noted(self, project: Path, capsys: Output) -> None:
        write(project, "credentials.yml", "facebook:\nchannels.MessengerInput:\n  verify: x\n")
        init(project, "--yes")
        assert "both answer under /webhooks/facebook: remove facebook." in capsys.readouterr().out

    @pytest.mark.parametrize(
        "text",
        [
            f"facebook: {{secret: {MARK}}}\n",
            f"facebook:\n- secret: {MARK}\n",
            f"page: &page\n  secret: {MARK}\nfacebook: *page\n",
        ],
    )
    def test_a_section_of_another_form_is_told_to_be_written_out(
        self, project: Path, capsys: Output, text: str
    ) -> None:
        write(project, "credentials.yml", text)
        assert init(project, "--yes") == 1
        printed = capsys.readouterr().err
        assert printed.startswith("credentials.yml: write the section facebook as plain keys")
        assert MARK not in printed

    def test_a_project_without_the_file_gets_it(self, project: Path) -> None:
        (project / "credentials.yml").unlink()
        init(project, "--yes")
        text = (project / "credentials.yml").read_text()
        assert "\nrasa_handover.channels.MessengerInput:\n  verify: ${" in text


class TestEndpointsAndConfig:
    def test_an_action_server_and_a_tracker_store_stay_as_they_are(self, project: Path) -> None:
        text = "action_endpoint: {url: http://elsewhere}\ntracker_store:\n    type: mongod\n"
        write(project, "endpoints.yml", text)
        init(project, "--yes")
        assert (project / "endpoints.yml").read_text() == text

    @pytest.mark.parametrize("host", ["${ACTION_HOST}", "[ACTION_HOST"])
    def test_a_placeholder_for_the_host_is_no_other_machine(
        self, project: Path, capsys: Output, host: str
    ) -> None:
        write(project, "endpoints.yml", f"action_endpoint:\n  url: http://{host}:5055/webhook\n")
        assert init(project, "--yes") == 0
        assert "is not on this machine" not in capsys.readouterr().out

    def test_policies_that_follow_no_rules_get_the_one_that_does(self, project: Path) -> None:
        write(project, "config.yml", "policies:\n- name: TEDPolicy # learns\n")
        init(project, "--yes")
        assert (project / "config.yml").read_text() == (
            "policies:\n- name: TEDPolicy # learns\n- name: RulePolicy\n"
        )

    @pytest.mark.parametrize(
        "text",
        [
            "language: en\n",
            "policies:\n",
            "policies: [{name: RulePolicy}]\n",
            "policies:\n- name: rasa.core.policies.rule_policy.RulePolicy\n",
            "policies:\n- name: addons.policies.StrictRulePolicy\n",
        ],
        ids=["Rasa's own choice", "empty", "there", "there by its path", "a subclass"],
    )
    def test_policies_that_follow_rules_stay_as_they_are(self, project: Path, text: str) -> None:
        write(project, "config.yml", text)
        init(project, "--yes")
        assert (project / "config.yml").read_text() == text

    def test_another_recipe_is_noted(self, project: Path, capsys: Output) -> None:
        write(project, "config.yml", "recipe: graph.v1\n")
        init(project, "--yes")
        assert "Note: config.yml does not use the recipe default.v1" in capsys.readouterr().out

    def test_flows_beside_rules_are_noted(self, project: Path, capsys: Output) -> None:
        write(project, "config.yml", "policies:\n- name: FlowPolicy\n- name: RulePolicy\n")
        init(project, "--yes")
        assert "Note: config.yml has the FlowPolicy" in capsys.readouterr().out

    def test_another_language_is_noted(self, project: Path, capsys: Output) -> None:
        write(project, "config.yml", "language: de\n")
        init(project, "--yes")
        assert "Note: The assistant speaks 'de', but" in capsys.readouterr().out
