"""What happens beside the training step: averaged weights, the log of the epochs."""

import csv
from pathlib import Path
import time

import lightning
import torch


class AveragedWeights(lightning.Callback):
    """
    Keep an exponential moving average of the weights and put it in place at the end.

    On few speakers the average is steadier than the last step. Lightning's own callback averages
    only while it holds a second copy of the module; this one keeps a flat dictionary, which is
    in the checkpoints, so that a resumed training ends in the same weights.
    """

    def __init__(self, decay):
        """
        Keep the decay.

        :param decay: share kept a step, 0 to 1; early steps keep less, so that the start is
            forgotten
        """
        self._decay, self._steps, self._average = decay, 0, {}

    def on_train_start(self, trainer, module):
        """Start from the weights as they are, or from a checkpoint's average."""
        if not self._average:
            self._average = {name: value.detach().clone() for name, value in
                             module.model.state_dict().items()}

    @torch.no_grad()
    def on_train_batch_end(self, trainer, module, outputs, batch, batch_idx):
        """Move the average towards the weights."""
        self._steps += 1
        share = 1 - min(self._decay, self._steps / (self._steps + 10))
        for name, value in module.model.state_dict().items():
            if value.is_floating_point():
                self._average[name].lerp_(value, share)
            else:
                self._average[name].copy_(value)

    def on_train_end(self, trainer, module):
        """Put the average in place."""
        module.model.load_state_dict(self._average)

    def state_dict(self):
        """Return what a resumed training needs."""
        return {'steps': self._steps, 'average': self._average}

    def load_state_dict(self, state):
        """Take it back."""
        self._steps, self._average = state['steps'], state['average']


class EpochLog(lightning.Callback):
    """One row an epoch in a CSV file, which a resumed training continues."""

    def __init__(self, path, say=None):
        """
        Keep where to write.

        :param path: path of the CSV file
        :param say: callable of one line of text, told of each epoch; None: nobody is told
        """
        self._path, self._say, self._since = Path(path), say, None

    def on_train_epoch_start(self, trainer, module):
        """Note the time."""
        self._since = time.monotonic()

    def on_train_epoch_end(self, trainer, module):
        """Write the row."""
        figures = {name: f'{float(value):.5f}' for name, value in
                   sorted(trainer.callback_metrics.items()) if name.startswith('loss_')}
        row = {'epoch': trainer.current_epoch + 1, 'step': trainer.global_step,
               'seconds': f'{time.monotonic() - self._since:.2f}',
               'learning_rate': f'{trainer.optimizers[0].param_groups[0]["lr"]:.3g}', **figures}
        new = not self._path.exists()
        with self._path.open('a', newline='') as file:
            writer = csv.DictWriter(file, fieldnames=list(row))
            if new:
                writer.writeheader()
            writer.writerow(row)
        if self._say:
            self._say(f'epoch {row["epoch"]}/{trainer.max_epochs}  {row["seconds"]} s  '
                      + '  '.join(f'{name[5:]} {value}' for name, value in figures.items()))
