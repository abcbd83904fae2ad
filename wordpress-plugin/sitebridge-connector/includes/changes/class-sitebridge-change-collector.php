<?php
/**
 * Collects the changes of one request.
 *
 * @package Sitebridge_Connector
 */

defined( 'ABSPATH' ) || exit;

/**
 * Stores in the outbox which posts change during a request: once for each post and topic, however many hooks
 * run. Completes the messages when the request ends, because only then terms and meta are saved too.
 */
final class Sitebridge_Change_Collector {

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
	 * Builds the messages.
	 *
	 * @var Sitebridge_Post_Message
	 */
	private $messages;

	/**
	 * The table of messages.
	 *
	 * @var Sitebridge_Outbox
	 */
	private $outbox;

	/**
	 * Starts the delivery of the messages.
	 *
	 * @var Sitebridge_Delivery_Trigger
	 */
	private $trigger;

	/**
	 * The rows of this request, each with its `id` and its `op_id`, by site of the network, post and topic.
	 *
	 * @var array[][][]
	 */
	private $rows = array();

	/**
	 * The contents of posts that are being deleted, by site of the network and post. See
	 * Sitebridge_Post_Message::content().
	 *
	 * @var array[][]
	 */
	private $deleting = array();

	/**
	 * Posts that lost their featured image, by site of the network and post.
	 *
	 * @var true[][]
	 */
	private $without_picture = array();

	/**
	 * Stores the dependencies.
	 *
	 * @param Sitebridge_Settings         $settings The stored connection.
	 * @param Sitebridge_Request_Gate     $gate     Tells whether the server itself makes the changes.
	 * @param Sitebridge_Post_Message     $messages Builds the messages.
	 * @param Sitebridge_Outbox           $outbox   The table of messages.
	 * @param Sitebridge_Delivery_Trigger $trigger  Starts the delivery of the messages.
	 */
	public function __construct( Sitebridge_Settings $settings, Sitebridge_Request_Gate $gate, Sitebridge_Post_Message $messages, Sitebridge_Outbox $outbox, Sitebridge_Delivery_Trigger $trigger ) {
		$this->settings = $settings;
		$this->gate     = $gate;
		$this->messages = $messages;
		$this->outbox   = $outbox;
		$this->trigger  = $trigger;
	}

	/**
	 * Stores a change of a post.
	 *
	 * @param WP_Post $post  The post.
	 * @param string  $topic `status` or `metadata`.
	 */
	public function note( $post, $topic ) {
		$blog = get_current_blog_id();
		if ( isset( $this->rows[ $blog ][ $post->ID ][ $topic ] ) || isset( $this->deleting[ $blog ][ $post->ID ] ) ) {
			return;
		}
		if ( ( defined( 'DOING_AUTOSAVE' ) && DOING_AUTOSAVE ) || ! $this->messages->is_told( $post ) ) {
			return;
		}
		$op_id = $this->gate->operation();
		if ( null !== $op_id && $this->settings->sends_changes() ) {
			$this->rows[ $blog ][ $post->ID ][ $topic ] = array(
				'id'    => $this->outbox->open( $post->ID, $topic, $op_id ),
				'op_id' => $op_id,
			);
			$this->trigger->expect();
		}
	}

	/**
	 * Notes that a post lost its featured image, so that its next message reports it.
	 *
	 * @param int $post_id The post.
	 */
	public function note_picture_gone( $post_id ) {
		$this->without_picture[ get_current_blog_id() ][ $post_id ] = true;
	}

	/**
	 * Notes the content of a post that is about to be deleted, while the post can still be read.
	 *
	 * @param int     $post_id The post.
	 * @param WP_Post $post    The post.
	 */
	public function before_delete( $post_id, $post ) {
		if ( $this->messages->is_told( $post ) ) {
			$this->deleting[ get_current_blog_id() ][ $post_id ] = Sitebridge_Post_Message::content( get_post( $post_id ) );
		}
	}

	/**
	 * Replaces the open messages of a deleted post with one message about the deletion.
	 *
	 * @param int     $post_id The post.
	 * @param WP_Post $post    The deleted post.
	 */
	public function on_delete( $post_id, $post ) {
		$blog = get_current_blog_id();
		if ( ! isset( $this->deleting[ $blog ][ $post_id ] ) ) {
			return;
		}
		foreach ( isset( $this->rows[ $blog ][ $post_id ] ) ? $this->rows[ $blog ][ $post_id ] : array() as $row ) {
			$this->outbox->remove( $row['id'] );
		}
		unset( $this->rows[ $blog ][ $post_id ] );
		$op_id = $this->gate->operation();
		if ( null !== $op_id && $this->settings->sends_changes() ) {
			$this->outbox->add( $post_id, 'status', $op_id, $this->messages->build_deleted( $post, $this->deleting[ $blog ][ $post_id ], $op_id ) );
			$this->trigger->expect();
		}
	}

	/**
	 * Completes the messages of this request.
	 */
	public function complete() {
		$rows       = $this->rows;
		$this->rows = array();
		foreach ( $rows as $blog => $posts ) {
			$switched = get_current_blog_id() !== $blog && switch_to_blog( $blog );
			foreach ( $posts as $post_id => $topics ) {
				foreach ( $topics as $topic => $row ) {
					$this->complete_row( $row, $post_id, $topic, isset( $this->without_picture[ $blog ][ $post_id ] ) );
				}
			}
			if ( $switched ) {
				restore_current_blog();
			}
		}
	}

	/**
	 * Completes one message.
	 *
	 * @param array  $row             The row's `id` and `op_id`.
	 * @param int    $post_id         The post.
	 * @param string $topic           `status` or `metadata`.
	 * @param bool   $without_picture Whether to report that there is no featured image.
	 */
	private function complete_row( array $row, $post_id, $topic, $without_picture ) {
		$body = $this->messages->build( $post_id, $topic, $row['op_id'], $without_picture );
		if ( null === $body ) {
			$this->outbox->remove( $row['id'] );
		} elseif ( ! $this->outbox->complete( $row['id'], $body ) ) {
			// This request took so long that another process completed the row. A new message reports the
			// later changes.
			$this->outbox->add( $post_id, $topic, $row['op_id'], $body );
		}
	}
}
