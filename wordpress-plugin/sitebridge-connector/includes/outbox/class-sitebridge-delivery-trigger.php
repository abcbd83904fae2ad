<?php
/**
 * When the outbox is emptied.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Has messages sent where nobody waits for it: after the response where PHP can end it early, else by a
 * request of the site to itself; and by WP-Cron for what is tried again and for whatever went wrong with those.
 */
final class Sitebridge_Delivery_Trigger {

	const HOOK        = 'sitebridge_connector_deliver';
	const HOURLY_HOOK = 'sitebridge_connector_outbox';

	/**
	 * The admin-ajax.php action of the request to itself. Open to everyone, as wp-cron.php is: it takes no
	 * input and does nothing but send what is due.
	 */
	const ACTION = 'sitebridge_deliver';

	/**
	 * Seconds of work at a time, and after which WP-Cron looks whether the request itself could not send.
	 */
	const BUDGET   = 20;
	const BACKSTOP = 30;

	/**
	 * Sends what waits.
	 *
	 * @var Sitebridge_Delivery
	 */
	private $delivery;

	/**
	 * Where the messages wait.
	 *
	 * @var Sitebridge_Outbox
	 */
	private $outbox;

	/**
	 * How sending goes.
	 *
	 * @var Sitebridge_Delivery_State
	 */
	private $state;

	/**
	 * Whether this request left something to send.
	 *
	 * @var bool
	 */
	private $expected = false;

	/**
	 * Takes what it needs.
	 *
	 * @param Sitebridge_Delivery       $delivery Sends what waits.
	 * @param Sitebridge_Outbox         $outbox   Where the messages wait.
	 * @param Sitebridge_Delivery_State $state    How sending goes.
	 */
	public function __construct( Sitebridge_Delivery $delivery, Sitebridge_Outbox $outbox, Sitebridge_Delivery_State $state ) {
		$this->delivery = $delivery;
		$this->outbox   = $outbox;
		$this->state    = $state;
	}

	/**
	 * Registers the hooks.
	 */
	public function register() {
		add_action( self::HOOK, array( $this, 'work' ) );
		add_action( self::HOURLY_HOOK, array( $this, 'work' ) );
		add_action( 'wp_ajax_' . self::ACTION, array( $this, 'answer_nudge' ) );
		add_action( 'wp_ajax_nopriv_' . self::ACTION, array( $this, 'answer_nudge' ) );
		// After everything that still belongs to the response, and after the messages were completed.
		add_action( 'shutdown', array( $this, 'after_request' ), 1000 );
	}

	/**
	 * Says that there will be something to send, and has WP-Cron look after it should this request die.
	 */
	public function expect() {
		$this->expected = true;
		if ( ! wp_next_scheduled( self::HOURLY_HOOK ) ) {
			wp_schedule_event( time() + HOUR_IN_SECONDS, 'hourly', self::HOURLY_HOOK );
		}
		if ( ! wp_next_scheduled( self::HOOK ) ) {
			wp_schedule_single_event( time() + self::BACKSTOP, self::HOOK );
		}
	}

	/**
	 * Sends what this request left, without anybody waiting for it.
	 */
	public function after_request() {
		if ( ! $this->expected ) {
			return;
		}
		$this->expected = false;
		if ( ! $this->delivery->is_due() ) {
			$this->plan();
		} elseif ( Sitebridge_Background::finish_response() || wp_doing_cron() ) {
			$this->work();
		} else {
			Sitebridge_Background::ask_itself( self::ACTION );
		}
	}

	/**
	 * Answers the site's request to itself at once, then sends.
	 */
	public function answer_nudge() {
		Sitebridge_Background::end_response();
		$this->work();
		exit;
	}

	/**
	 * Sends what is due, and plans what comes later.
	 */
	public function work() {
		ignore_user_abort( true );
		if ( function_exists( 'set_time_limit' ) ) {
			// phpcs:ignore WordPress.PHP.NoSilencedErrors.Discouraged -- some hosts forbid it, and then it is as long as it is.
			@set_time_limit( self::BUDGET + 60 );
		}
		if ( $this->delivery->run( self::BUDGET ) ) {
			Sitebridge_Background::ask_itself( self::ACTION );
		}
		$this->plan();
	}

	/**
	 * Goes on at once after the settings were changed.
	 *
	 * @param bool $reconnected Whether a connection test passed: then a stop by the server ends.
	 */
	public function resume( $reconnected ) {
		$this->state->forget_failures();
		$this->state->update( array( 'key_expires_at' => 0 ) + ( $reconnected ? array( 'stopped_at' => 0 ) : array() ) );
		$this->outbox->make_due();
		$this->expect();
	}

	/**
	 * Sends everything that waits, whenever it would be due, while the caller waits.
	 */
	public function send_now() {
		$this->state->forget_failures();
		$this->outbox->make_due();
		$this->work();
	}

	/**
	 * Tries again what was given up.
	 */
	public function revive_dead() {
		$this->outbox->revive();
		$this->send_now();
	}

	/**
	 * Throws everything away that was to be sent.
	 */
	public function forget() {
		$this->unschedule();
		$this->outbox->clear();
		$this->state->forget();
	}

	/**
	 * Cancels everything planned.
	 */
	public function unschedule() {
		$this->expected = false;
		wp_clear_scheduled_hook( self::HOOK );
		wp_clear_scheduled_hook( self::HOURLY_HOOK );
	}

	/**
	 * Makes the table, and goes on with what waited while the plugin was switched off.
	 */
	public function on_activation() {
		Sitebridge_Outbox_Table::make();
		$this->plan();
	}

	/**
	 * Plans the next sending, if one is needed.
	 */
	private function plan() {
		$next    = $this->delivery->next_run();
		$planned = wp_next_scheduled( self::HOOK );
		if ( null !== $next && $planned && $planned <= max( $next, time() + 1 ) ) {
			return;
		}
		if ( $planned ) {
			wp_clear_scheduled_hook( self::HOOK );
		}
		if ( null !== $next ) {
			wp_schedule_single_event( max( $next, time() + 1 ), self::HOOK );
		}
	}
}
