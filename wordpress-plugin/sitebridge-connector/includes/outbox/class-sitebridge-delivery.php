<?php
/**
 * Sends what waits in the outbox.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Has messages sent one after the other, and decides by each answer what becomes of them.
 */
final class Sitebridge_Delivery {

	/**
	 * Failures in a row after which sending rests.
	 */
	const FAILURES_IN_ROW = 5;

	/**
	 * Answers that no later try can change: the message itself is refused.
	 */
	const REFUSALS = array( 400, 409, 413, 422 );

	/**
	 * The stored connection.
	 *
	 * @var Sitebridge_Settings
	 */
	private $settings;

	/**
	 * Sends one message.
	 *
	 * @var Sitebridge_Webhook_Sender
	 */
	private $sender;

	/**
	 * Where the messages wait.
	 *
	 * @var Sitebridge_Outbox
	 */
	private $outbox;

	/**
	 * Makes the messages that a request could not complete.
	 *
	 * @var Sitebridge_Post_Message
	 */
	private $messages;

	/**
	 * How sending goes.
	 *
	 * @var Sitebridge_Delivery_State
	 */
	private $state;

	/**
	 * Keeps other deliverers away.
	 *
	 * @var Sitebridge_Delivery_Lock
	 */
	private $lock;

	/**
	 * Takes what it needs.
	 *
	 * @param Sitebridge_Settings       $settings The stored connection.
	 * @param Sitebridge_Webhook_Sender $sender   Sends one message.
	 * @param Sitebridge_Outbox         $outbox   Where the messages wait.
	 * @param Sitebridge_Post_Message   $messages Makes the messages that a request could not complete.
	 * @param Sitebridge_Delivery_State $state    How sending goes.
	 * @param Sitebridge_Delivery_Lock  $lock     Keeps other deliverers away.
	 */
	public function __construct( Sitebridge_Settings $settings, Sitebridge_Webhook_Sender $sender, Sitebridge_Outbox $outbox, Sitebridge_Post_Message $messages, Sitebridge_Delivery_State $state, Sitebridge_Delivery_Lock $lock ) {
		$this->settings = $settings;
		$this->sender   = $sender;
		$this->outbox   = $outbox;
		$this->messages = $messages;
		$this->state    = $state;
		$this->lock     = $lock;
	}

	/**
	 * Sends what is due, unless another process does.
	 *
	 * @param int $seconds After how long to begin no further call.
	 * @return bool Whether the time was too short for all that is due.
	 */
	public function run( $seconds ) {
		if ( ! Sitebridge_Outbox_Table::is_current() ) {
			return false;
		}
		$this->outbox->expire();
		$deadline = time() + $seconds;
		// Again after the lock was given back: who wrote a message meanwhile found it taken and left.
		while ( time() < $deadline && $this->is_due() && $this->lock->acquire() ) {
			try {
				$this->complete_stale();
				$this->drain( $deadline );
			} finally {
				$this->lock->release();
			}
		}

		return time() >= $deadline && $this->is_due();
	}

	/**
	 * When the next message is to be sent.
	 *
	 * @return int|null Unix seconds; null when none waits or none may be sent.
	 */
	public function next_run() {
		$state = $this->state->all();
		if ( ! Sitebridge_Outbox_Table::is_current() || ! $this->settings->sends_changes() || $state['stopped_at'] > 0 ) {
			return null;
		}
		$due = $this->outbox->next_due();

		return null === $due ? null : max( $due, $state['paused_until'] );
	}

	/**
	 * Whether there is something to send now.
	 *
	 * @return bool
	 */
	public function is_due() {
		$next = $this->next_run();

		return null !== $next && $next <= time();
	}

	/**
	 * Completes what a request that died left open.
	 */
	private function complete_stale() {
		foreach ( $this->outbox->stale() as $row ) {
			$body = $this->messages->build( (int) $row->post_id, $row->topic, $row->op_id );
			if ( null === $body ) {
				$this->outbox->remove( (int) $row->id );
			} else {
				$this->outbox->complete( (int) $row->id, $body );
			}
		}
	}

	/**
	 * Sends one message after the other.
	 *
	 * @param int $deadline Unix seconds.
	 */
	private function drain( $deadline ) {
		$failures = 0;
		while ( time() < $deadline && $this->lock->renew() ) {
			$row = $this->outbox->next();
			if ( null === $row ) {
				return;
			}
			$answer = $this->sender->send( $row );
			if ( 202 === $answer['status'] ) {
				$this->note_delivered( $row, $answer );
				$failures = 0;
			} elseif ( in_array( $answer['status'], self::REFUSALS, true ) ) {
				$this->note_failed( $row, $answer, 'dead', time() );
				$failures = 0;
			} elseif ( 410 === $answer['status'] ) {
				$this->note_failed( $row, $answer, 'waiting', time() );
				$this->state->update( array( 'stopped_at' => time() ) );
				return;
			} else {
				$retry_after = Sitebridge_Retry_Delay::asked_for( $answer['headers']['retry-after'] );
				$wait        = max( $retry_after, Sitebridge_Retry_Delay::after( (int) $row->attempts, HOUR_IN_SECONDS ) );
				$this->note_failed( $row, $answer, 'waiting', time() + $wait );
				++$failures;
				// Nothing of this concerns the one message alone.
				if ( 0 === $answer['status'] || $retry_after > 0 || $failures >= self::FAILURES_IN_ROW ) {
					$this->rest( $retry_after );
					return;
				}
			}
		}
	}

	/**
	 * Removes what the server has, and notes whether it wants another key.
	 *
	 * @param object $row    The row.
	 * @param array  $answer The answer.
	 */
	private function note_delivered( $row, array $answer ) {
		$this->outbox->remove( (int) $row->id );
		$expires = strtotime( $answer['headers']['x-sitebridge-key-expires'] );
		$this->state->update(
			array(
				'key_expires_at' => false === $expires ? 0 : $expires,
				'paused_until'   => 0,
				'pauses'         => 0,
			)
		);
		$this->state->note_answer( 202, '' );
	}

	/**
	 * Notes that the server did not take a message.
	 *
	 * @param object $row    The row.
	 * @param array  $answer The answer.
	 * @param string $state  `waiting` or `dead`.
	 * @param int    $due_at Unix seconds of the next try.
	 */
	private function note_failed( $row, array $answer, $state, $due_at ) {
		$words = $this->state->words( $answer );
		$this->outbox->fail( (int) $row->id, $state, $due_at, $answer['status'], $words );
		$this->state->note_answer( $answer['status'], $words );
	}

	/**
	 * Sends nothing for a while: as long as the server asked for, else longer each time, up to 5 minutes.
	 *
	 * @param int $retry_after In seconds, or 0.
	 */
	private function rest( $retry_after ) {
		$pauses = $this->state->all()['pauses'];
		$wait   = $retry_after > 0 ? $retry_after : Sitebridge_Retry_Delay::after( $pauses, 5 * MINUTE_IN_SECONDS );
		$this->state->update(
			array(
				'paused_until' => time() + $wait,
				'pauses'       => $pauses + 1,
			)
		);
	}
}
