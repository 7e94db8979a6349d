"""The training step: losses, optimiser, schedule. The loop itself is Lightning's."""

import math

import lightning
import torch

from physioser_ros.training.losses import classification_loss

#: Branches in the order of `Output.branch_logits`.
BRANCHES = ('vap', 'ssl')


class EmotionModule(lightning.LightningModule):
    """A model in training on batches of cached features."""

    def __init__(self, model, options, steps):
        """
        Keep the model and how it is trained.

        :param model: `PhysioSER`; its backbone is not needed and should not be attached
        :param options: `TrainingOptions`
        :param steps: number of steps of the whole training, for the schedule
        """
        super().__init__()
        self.model, self.options, self._steps = model, options, steps

    def training_step(self, batch, _):
        """
        Compute the loss of one step.

        :param batch: `Batch`
        :return: scalar tensor
        """
        output = forward(self.model, batch)
        parts = self.losses(output, batch)
        self.log_dict({name: value.detach() for name, value in parts.items()},
                      on_step=False, on_epoch=True, batch_size=len(batch.targets))
        return sum(parts.values())

    def losses(self, output, batch):
        """
        Compute the weighted parts of the loss; they add up to it.

        :param output: `Output` of the model
        :param batch: `Batch`
        :return: dict of name to scalar tensor
        """
        options = self.options

        def classify(logits):
            return classification_loss(logits, batch.targets, batch.weights,
                                       options.label_smoothing)

        parts = {'loss_class': classify(output.logits)}
        if not self.model.fuses:
            return parts
        if options.auxiliary_weight:
            for place, name in enumerate(BRANCHES):
                own = classify(output.branch_logits[:, place])
                parts[f'loss_{name}'] = options.auxiliary_weight * own
        if options.cpa_weight:
            parts['loss_cpa'] = options.cpa_weight * self.model.alignment(
                output.vap_projection, output.ssl_projection, batch.targets)
        return parts

    def configure_optimizers(self):
        """Return AdamW, matrices decayed and nothing else, and a cosine after a warm-up."""
        options = self.options
        trained = [value for value in self.model.parameters() if value.requires_grad]
        groups = [{'params': [value for value in trained if value.ndim > 1],
                   'weight_decay': options.weight_decay},
                  {'params': [value for value in trained if value.ndim <= 1],
                   'weight_decay': 0.0}]
        optimiser = torch.optim.AdamW(groups, lr=options.learning_rate)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda step: warm_cosine(step, self._steps, options.warm_up))
        return {'optimizer': optimiser,
                'lr_scheduler': {'scheduler': schedule, 'interval': 'step'}}


def forward(model, batch):
    """
    Run a model on a batch.

    :param model: `PhysioSER`
    :param batch: `Batch`
    :return: `Output`
    """
    state = None if batch.history is None else speaker_state(model, batch.history)
    return model.forward_features(batch.frames, batch.frame_lengths, batch.quartet,
                                  batch.quartet_lengths, frames_pooled=True, speaker_state=state)


@torch.no_grad()
def speaker_state(model, history):
    """
    Return the states of speakers of whom something was heard before.

    :param model: `PhysioSER` that adapts to speakers
    :param history: `History`, counts at most the model's `speaker.max_count`
    :return: float32, shape (B, 1 + speaker_width); nothing is known of the answers
    """
    quartets = None if history.quartet is None else history.quartet[..., None]
    mean = model.utterance_mean(history.frames[:, :, None], None, quartets)
    return model.speaker.heard(history.count, mean)


def warm_cosine(step, steps, warm_up):
    """
    Return the learning rate of a step as a share of the highest one.

    :param step: number of the step, from 0
    :param steps: number of steps of the whole training
    :param warm_up: share of the steps in which the rate rises
    :return: float, 0 to 1
    """
    rise = max(1.0, warm_up * steps)
    if step < rise:
        return (step + 1) / (rise + 1)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - rise) / max(1.0, steps - rise))))
