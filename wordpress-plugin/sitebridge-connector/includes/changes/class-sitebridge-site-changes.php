<?php
/**
 * Collects the changes of terms, and of the site itself, of one request.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Stores in the outbox which terms change during a request, and whether the site itself does: one message for
 * each term and one for the site. Rows without a post are sent in their order, because a term may get the slug
 * that another term had. The body of an open row says what to complete if this request dies.
 */
final class Sitebridge_Site_Changes {

	/**
	 * The stored connection.
	 *
	 * @var Sitebridge_Settings
	 */
	private $settings;

	/**
	 * Tells whether the server itself makes the changes.
	 *
	 * @var Sitebridge_Request_Gate
	 */
	private $gate;

	/**
	 * The table of messages.
	 *
	 * @var Sitebridge_Outbox
	 */
	private $outbox;

	/**
	 * Completes the messages.
	 *
	 * @var Sitebridge_Open_Messages
	 */
	private $messages;

	/**
	 * Starts the delivery of the messages.
	 *
	 * @var Sitebridge_Delivery_Trigger
	 */
	private $trigger;

	/**
	 * The rows of this request by site of the network, and in it by term or `site`. Each has its `id` and its
	 * `stub`, see
	 * Sitebridge_Open_Messages::complete_stub().
	 *
	 * @var array[][]
	 */
	private $rows = array();

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Settings         $settings The stored connection.
	 * @param Sitebridge_Request_Gate     $gate     Tells whether the server itself makes the changes.
	 * @param Sitebridge_Outbox           $outbox   The table of messages.
	 * @param Sitebridge_Open_Messages    $messages Completes the messages.
	 * @param Sitebridge_Delivery_Trigger $trigger  Starts the delivery of the messages.
	 */
	public function __construct( Sitebridge_Settings $settings, Sitebridge_Request_Gate $gate, Sitebridge_Outbox $outbox, Sitebridge_Open_Messages $messages, Sitebridge_Delivery_Trigger $trigger ) {
		$this->settings = $settings;
		$this->gate     = $gate;
		$this->outbox   = $outbox;
		$this->messages = $messages;
		$this->trigger  = $trigger;
	}

	/**
	 * Stores that a term changed. The first change of a request names the slug of before.
	 *
	 * @param string $taxonomy The taxonomy.
	 * @param int    $term_id  The term.
	 * @param string $was      The slug before the change, or '' when the term is new.
	 */
	public function note_term( $taxonomy, $term_id, $was ) {
		$this->open( "{$taxonomy} {$term_id}", 'terms', compact( 'taxonomy', 'term_id', 'was' ) );
	}

	/**
	 * Stores that a term is about to be deleted. Replaces an earlier change of the term in this request.
	 *
	 * @param WP_Term $term    The term.
	 * @param int     $default The term that posts get whose last term of the taxonomy is deleted, or 0.
	 */
	public function note_deletion( WP_Term $term, $default ) {
		$key    = "{$term->taxonomy} {$term->term_id}";
		$before = $this->forget( $key );
		$was    = isset( $before['was'] ) && '' !== $before['was'] ? array( 'was' => array( 'slug' => $before['was'] ) ) : array();
		$stub   = array(
			'taxonomy' => $term->taxonomy,
			'term_id'  => $term->term_id,
			'deleting' => Sitebridge_Site_Message::term_facts( $term ) + $was,
			'default'  => $default,
		);
		$this->open( $key, 'terms', $stub );
	}

	/**
	 * Stores that the site itself changed.
	 *
	 * @param bool $posts_changed Whether many posts have changed without a new date.
	 */
	public function note_site( $posts_changed = false ) {
		$blog = get_current_blog_id();
		if ( $posts_changed && isset( $this->rows[ $blog ]['site'] ) && ! $this->rows[ $blog ]['site']['stub']['posts_changed'] ) {
			$this->forget( 'site' );
		}
		$this->open( 'site', 'site', compact( 'posts_changed' ) );
	}

	/**
	 * Completes the messages of this request.
	 */
	public function complete() {
		$rows       = $this->rows;
		$this->rows = array();
		foreach ( $rows as $blog => $opened ) {
			$switched = get_current_blog_id() !== $blog && switch_to_blog( $blog );
			foreach ( $opened as $row ) {
				$this->messages->complete_stub( $row['id'], $row['stub'] );
			}
			if ( $switched ) {
				restore_current_blog();
			}
		}
	}

	/**
	 * Opens a row, unless this request has it already.
	 *
	 * @param string $key   What the row is about.
	 * @param string $topic `terms` or `site`.
	 * @param array  $stub  See Sitebridge_Open_Messages::complete_stub().
	 */
	private function open( $key, $topic, array $stub ) {
		$blog  = get_current_blog_id();
		$op_id = $this->gate->operation();
		if ( isset( $this->rows[ $blog ][ $key ] ) || null === $op_id || ! $this->settings->sends_changes() ) {
			return;
		}
		$id                          = $this->outbox->open( 0, $topic, $op_id, (string) wp_json_encode( $stub ) );
		$this->rows[ $blog ][ $key ] = compact( 'id', 'stub' );
		$this->trigger->expect();
	}

	/**
	 * Removes a row of this request.
	 *
	 * @param string $key What the row is about.
	 * @return array The row's stub; empty if this request has no such row.
	 */
	private function forget( $key ) {
		$blog = get_current_blog_id();
		if ( ! isset( $this->rows[ $blog ][ $key ] ) ) {
			return array();
		}
		$row = $this->rows[ $blog ][ $key ];
		$this->outbox->remove( $row['id'] );
		unset( $this->rows[ $blog ][ $key ] );

		return $row['stub'];
	}
}
